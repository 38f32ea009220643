/** What attackers send to the cluster: pods as its rules ask for them, and paths of its API. Pure. */

/** What only the neighbour should read. */
export const secret = 'it is a secret of somebody else';

/** Pods of the attacker: nothing is changed for the one, and the other may connect to anywhere. */
export const probe = 'probe';
export const loose = 'loose';

export interface PodChange {
  /** Of the pod's spec. */
  readonly pod?: object;
  /** Of its container's security context, in place of what is there. */
  readonly security?: object;
  /** Of its container. */
  readonly container?: object;
}

const hardened = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** One that `restricted` lets through but for `change`, running a script. */
export function podObject(
  namespace: string,
  name: string,
  script: string,
  { pod = {}, security = {}, container = {} }: PodChange = {},
) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      ...{ terminationGracePeriodSeconds: 0, restartPolicy: 'Never' },
      securityContext: { runAsNonRoot: true, runAsUser: 1000 },
      containers: [
        {
          ...{ name: 'main', image: 'busybox:1', imagePullPolicy: 'IfNotPresent' },
          command: ['sh', '-c', script],
          securityContext: { ...hardened, ...security },
          ...container,
        },
      ],
      ...pod,
    },
  };
}

export const idle = 'exec sleep 3600';
/** Answers each request for `/` with a text, on port 8080. */
export const serving = (text: string) =>
  `mkdir /tmp/w && echo '${text}' > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w`;

const groups: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  ingresses: '/apis/networking.k8s.io/v1',
  networkpolicies: '/apis/networking.k8s.io/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  roles: '/apis/rbac.authorization.k8s.io/v1',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1',
};

/** Of `resource`, or of one of its objects, in a namespace. */
export function pathOf(namespace: string, resource: string, name = ''): string {
  const all = `${groups[resource] ?? '/api/v1'}/namespaces/${namespace}/${resource}`;
  return name === '' ? all : `${all}/${name}`;
}

export const service = (name: string, app: string, more: object = {}) => ({
  metadata: { name },
  spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }], ...more },
});

/** Of pods with these labels. */
export const egressPolicy = (name: string, egress: readonly object[], app?: string) => ({
  metadata: { name },
  spec: {
    podSelector: app === undefined ? {} : { matchLabels: { app } },
    policyTypes: ['Egress'],
    egress,
  },
});

export const ingressPolicy = (name: string, app: string) => ({
  metadata: { name },
  spec: { podSelector: { matchLabels: { app } }, policyTypes: ['Ingress'], ingress: [{}] },
});
