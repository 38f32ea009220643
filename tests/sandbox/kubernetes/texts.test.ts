import { expect, it } from 'vitest';
import { ApiFailure, clusterError, readStatus } from '../../../src/sandbox/kubernetes/errors.ts';
import { withTexts } from '../../../src/sandbox/kubernetes/trainee/texts.ts';

it('makes texts of what the cluster takes as text only, and leaves numbers where they are meant', () => {
  const pod = {
    replicas: 3,
    template: {
      metadata: { labels: { batch: 7 } },
      spec: {
        containers: [
          {
            env: [
              { name: 'N', value: 5 },
              { name: 'T', value: true },
            ],
            ports: [{ containerPort: 8000 }],
          },
        ],
      },
    },
  };
  expect(
    withTexts({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', annotations: { at: 1 } },
      spec: pod,
    } as never),
  ).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', annotations: { at: '1' } },
    spec: {
      replicas: 3,
      template: {
        metadata: { labels: { batch: '7' } },
        spec: {
          containers: [
            {
              env: [
                { name: 'N', value: '5' },
                { name: 'T', value: 'true' },
              ],
              ports: [{ containerPort: 8000 }],
            },
          ],
        },
      },
    },
  });
  expect(withTexts({ kind: 'ConfigMap', data: { n: 5, t: 'x' } } as never)).toEqual({
    kind: 'ConfigMap',
    data: { n: '5', t: 'x' },
  });
  expect(withTexts({ kind: 'Thing', data: { n: 5 } } as never)).toEqual({ kind: 'Thing', data: { n: 5 } });
});

it('says of an object of the wrong form that it is invalid, not that the cluster is away', () => {
  const body = JSON.stringify({
    kind: 'Status',
    message: 'failed to create typed patch object (x): .spec.replicas: expected numeric',
  });
  const thrown = new ApiFailure(readStatus(500, body, undefined));
  expect(clusterError(thrown, { url: 'https://c', what: 'patch deployments', isOurs: true }).code).toBe(
    'validation_failed',
  );
});
