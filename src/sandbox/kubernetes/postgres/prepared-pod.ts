/** The pod of a prepared server: makes it, and keeps its data when it has ended. Pure. */
import type { V1Pod } from '@kubernetes/client-node';
import { preparingLimits, preparingProgram } from '../../containers/postgres/preparing.ts';
import { serverHome, volumeOfImage } from '../../containers/postgres/server.ts';
import { labUser } from '../../containers/types.ts';
import { annotation, label } from '../labels.ts';
import { labelValue } from '../names.ts';
import { resourcesOf } from '../pods/pod-limits.ts';
import { labAccount } from '../spaces-objects.ts';

export const preparedContainer = 'server';
/** Of pods of prepared servers; `true` once all is there. */
export const wholeLabel = 'labwright.dev/whole';
/** A pod that its maker has not looked after by then never will be. */
const abandonedAfterSeconds = 60;

/** Beside the data, of which nothing of this may be a part. */
const marks = { guarded: '/tmp/guarded', over: '/tmp/over', whole: '/tmp/whole' } as const;

const stopAll = `touch ${marks.over}; kill -KILL -1`;
const begin = `
(sleep ${abandonedAfterSeconds}; [ -e ${marks.guarded} ] || { ${stopAll}; }) &
exec "$@"`;
/** Its data are filled and finished from outside. Memory and processor are nobody's then. */
const keep = `until [ -e ${marks.whole} ]; do [ ! -e ${marks.over} ] || exit 1; sleep 0.2; done; exec sleep infinity`;

/** Run in it: over when it serves. */
export const awaitProgram: readonly string[] = [
  'sh',
  '-c',
  `until grep -qs '^ready' ${serverHome}/data/postmaster.pid; do sleep 0.05; done; echo serves`,
];
/** Run in it: ends it when its maker, who holds the input open, is gone before it is whole. */
export const guardProgram: readonly string[] = [
  'sh',
  '-c',
  `touch ${marks.guarded}; cat > /dev/null; [ -e ${marks.whole} ] || { ${stopAll}; }`,
];
/** Run in it when all is done: from now on it needs no maker. */
export const keepProgram: readonly string[] = ['sh', '-c', `touch ${marks.whole}; echo kept`];

const [uid = 999, gid = 999] = labUser.split(':').map(Number);

export function preparedPod(
  {
    installationId,
    image,
    namespace,
    name,
  }: Record<'installationId' | 'image' | 'namespace' | 'name', string>,
  now: Date,
): V1Pod {
  const disk = { emptyDir: { sizeLimit: `${preparingLimits.diskMb}Mi` } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      labels: { [label.installation]: labelValue(installationId), [wholeLabel]: 'false' },
      annotations: { [annotation.createdAt]: now.toISOString() },
    },
    spec: {
      serviceAccountName: labAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      restartPolicy: 'Never',
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: gid, fsGroup: gid },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: preparedContainer,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', '-c', begin, 'begin', ...preparingProgram(keep)],
          env: [
            { name: 'PGDATA', value: `${serverHome}/data` },
            { name: 'LC_ALL', value: 'C' },
          ],
          // Once it is made it does nothing.
          resources: { ...resourcesOf(preparingLimits), requests: { cpu: '10m', memory: '32Mi' } },
          securityContext: {
            ...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            ...{ privileged: false, readOnlyRootFilesystem: true },
          },
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [
            { name: 'data', mountPath: serverHome },
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'nothing', mountPath: volumeOfImage },
          ],
        },
      ],
      volumes: [
        { name: 'data', ...disk },
        { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
        { name: 'nothing', emptyDir: { sizeLimit: '1Mi' } },
      ],
    },
  };
}
