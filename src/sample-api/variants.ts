/** What can be planted in this platform. Everything else behaves alike in every variant. */
const variants = {
  stock: {
    title: 'As it should be',
    planted: 'Nothing.',
    where: '',
  },
  'n-plus-one': {
    title: 'The customer page takes seconds',
    planted:
      'GET /api/v1/customers?include=services asks for the services of each customer in a query of its own.',
    where: 'modules/customers/repository.ts, servicesOf',
  },
  'no-tenant-filter': {
    title: "Another tenant's customer can be read",
    planted: 'GET /api/v1/customers/{id} finds a customer by id alone, whichever tenant asks.',
    where: 'modules/customers/repository.ts, find',
  },
} as const satisfies Record<string, { title: string; planted: string; where: string }>;

export type Variant = keyof typeof variants;
export const variantNames = Object.keys(variants) as [Variant, ...Variant[]];
