import { readManifests } from '../../src/templates/manifests.ts';
import { namespacesContract, namespacesVersion } from '../contracts/namespaces-contract.ts';
import { openMemoryNamespaces } from '../support/memory-namespaces.ts';

namespacesContract('memory', async () => {
  const opened = await openMemoryNamespaces({ log: 'hello from web\n' });
  for (const bytes of namespacesVersion().files.values()) {
    const { manifests } = readManifests(new TextDecoder().decode(bytes));
    await opened.apply(...manifests.map(({ object }) => object));
  }
  return { namespaces: opened.all, plan: opened.plan, close: opened.close };
});
