/** An answer other than success. Thrown anywhere, turned into application/problem+json in one place. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly title: string;
  readonly errors: FieldError[] | undefined;

  constructor(status: number, title: string, detail: string, errors?: FieldError[]) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = errors;
  }
}

export interface FieldError {
  field: string;
  message: string;
}

export const unauthorized = (reason: string) => new ApiError(401, 'Not signed in', reason);

export const forbidden = (permission: string) =>
  new ApiError(
    403,
    'Not allowed',
    `This needs the permission ${permission}, which your token does not have.`,
  );

/** Also the answer for another tenant's row: whether it exists is not the caller's business. */
export const notFound = (what: string, id: string) =>
  new ApiError(404, 'Not found', `There is no ${what} ${id}.`);

export const conflict = (detail: string) => new ApiError(409, 'Conflict', detail);

export const invalid = (field: string, message: string) =>
  new ApiError(422, 'Invalid request', `${field}: ${message}`, [{ field, message }]);
