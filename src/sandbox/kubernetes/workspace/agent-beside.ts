/** What stands beside a trainee's container in the pod of a workspace. Pure. */

import { gatewayLimits } from '../../containers/limits.ts';
import { ourMask } from '../../containers/programs/needs.ts';
import { resourcesOf } from '../pods/pod-limits.ts';
import type { DataFolder, PodSpec } from '../pods/pod-spec.ts';
import { idleCommand } from '../pods/supervisor.ts';
import { agentContainer, agentFolders } from './agents.ts';

const files = 'workspace';
const notes = 'notes';

/** The trainee has the files, and the agent both: see `agentBeside`. */
export const workspaceData = (path: string, megabytes: number): readonly DataFolder[] => [
  { name: files, path, megabytes },
  // Also what is being copied for a fork or a program.
  { name: notes, path: null, megabytes },
];

/** An agent is run in it while somebody uses it; nothing of ours runs there else. */
export function agentBeside(component: string, image: string): Pick<PodSpec, 'beside' | 'volumes'> {
  const folders = agentFolders(component);
  const masks = Object.entries(ourMask).map(([path, megabytes], index) => ({
    path,
    volume: {
      name: `agent-mask-${index}`,
      emptyDir: { medium: 'Memory', sizeLimit: `${megabytes}Mi` },
    },
  }));
  const tmp = { name: 'agent-tmp', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } };
  return {
    volumes: [tmp, ...masks.map(({ volume }) => volume)],
    beside: [
      {
        name: agentContainer,
        image,
        imagePullPolicy: 'IfNotPresent',
        command: [...idleCommand],
        workingDir: '/',
        env: [{ name: 'LANG', value: 'C.UTF-8' }],
        resources: resourcesOf(gatewayLimits),
        volumeMounts: [
          { name: files, mountPath: folders.workspace },
          { name: notes, mountPath: folders.notes },
          { name: tmp.name, mountPath: '/tmp' },
          ...masks.map(({ path, volume }) => ({ name: volume.name, mountPath: path })),
        ],
      },
    ],
  };
}
