import {
  makeClusterFolder,
  removeAbandonedClusters,
  removeCluster,
  sharedFolderVariable,
} from './postgres.ts';

/** Gives the whole test run one place for its cluster, and stops the cluster at the end if a test started it. */
export default async function setup(): Promise<() => Promise<void>> {
  await removeAbandonedClusters();
  const folder = makeClusterFolder();
  process.env[sharedFolderVariable] = folder;
  return () => removeCluster(folder);
}
