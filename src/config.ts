/**
 * Every setting of Labwright in one schema: its environment variable, flag, default and meaning. The help table, the
 * parser and the messages about bad values are all made from it. No other file of the platform reads the environment.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { mask } from './compose/mask.ts';

/** The folder that holds `src`, wherever Labwright is started from. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

export function productVersion(): string {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

interface About {
  readonly env: string;
  readonly flag: string;
  readonly value: string;
  readonly description: string;
  /** What a message about a bad value says is right. */
  readonly allowed: string;
  /** How the default reads in the help, where the value itself would not do. */
  readonly defaultText?: string;
  /** Never shown, not even when it is wrong. */
  readonly secret?: true;
}

const abouts = z.registry<About>();

function setting<T extends z.ZodType>(schema: T, about: About): T {
  abouts.add(schema, about);
  return schema;
}

const whole = (from: number, to: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(from).max(to));
const folder = z
  .string()
  .min(1)
  .transform((path) => (isAbsolute(path) ? path : resolve(path)));
const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol));
const listOf = <const T extends string>(...words: T[]) =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
    .pipe(z.array(z.enum(words)).min(1));

/** What this build can make labs with. */
export const builtBackends = ['process', 'docker', 'kubernetes'] as const;

/** As root the data must be where the unprivileged users get to; a checkout in root's home is closed to them. */
function defaultDataDir(): string {
  return process.getuid?.() === 0 ? '/var/lib/labwright' : join(projectRoot, '.labwright');
}

const schema = z.object({
  dataDir: setting(folder.default(defaultDataDir), {
    env: 'DATA_DIR',
    flag: '--data-dir',
    value: '<folder>',
    description: 'Where the embedded databases, workspaces, keys and saved tokens are kept',
    allowed: 'the path of a folder',
    defaultText: '.labwright in the checkout; /var/lib/labwright as root',
  }),
  port: setting(whole(0, 65_535).default(4000), {
    env: 'PORT',
    flag: '--port',
    value: '<number>',
    description: 'Port of the HTTP API; 0 takes a free one',
    allowed: 'a whole number from 0 to 65535',
  }),
  host: setting(z.string().min(1).default('127.0.0.1'), {
    env: 'HOST',
    flag: '--host',
    value: '<address>',
    description: 'Address that the HTTP API listens on; 0.0.0.0 for all',
    allowed: 'a host name or an IP address',
  }),
  labsPort: setting(whole(0, 65_535).nullable().default(null), {
    env: 'LABS_PORT',
    flag: '--labs-port',
    value: '<number>',
    description: "Port of the labs' own pages, which are on origins of their own; 0 takes a free one",
    allowed: 'a whole number from 0 to 65535',
    defaultText: 'the port after PORT, or a free one',
  }),
  labsUrl: setting(url('http:', 'https:').nullable().default(null), {
    env: 'LABS_URL',
    flag: '--labs-url',
    value: '<url>',
    description: "What browsers call the labs' pages; each lab's are on a name below its host",
    allowed: 'a URL such as https://labs.example.org, with a wildcard name and certificate',
    defaultText: 'http://localhost with LABS_PORT',
  }),
  metricsPort: setting(whole(0, 65_535).nullable().default(null), {
    env: 'METRICS_PORT',
    flag: '--metrics-port',
    value: '<number>',
    description:
      'Port of /metrics, /healthz and /readyz without a token, for machines that watch this one; 0 takes a free one',
    allowed: 'a whole number from 0 to 65535',
    defaultText: 'none; the HTTP API has them too',
  }),
  databaseUrl: setting(url('postgres:', 'postgresql:').nullable().default(null), {
    env: 'DATABASE_URL',
    flag: '--database-url',
    value: '<url>',
    description: 'Control database (PostgreSQL 15 or newer) instead of the embedded one',
    allowed: 'a URL such as postgres://user:password@host:5432/name',
    defaultText: 'embedded PostgreSQL',
  }),
  redisUrl: setting(url('redis:', 'rediss:').nullable().default(null), {
    env: 'REDIS_URL',
    flag: '--redis-url',
    value: '<url>',
    description: 'Redis 7 or newer for the queue, instead of the control database',
    allowed: 'a URL such as redis://host:6379',
    defaultText: 'queue in the control database',
  }),
  labsDatabaseUrl: setting(url('postgres:', 'postgresql:').nullable().default(null), {
    env: 'LABS_DATABASE_URL',
    flag: '--labs-database-url',
    value: '<url>',
    description:
      "Superuser URL of a PostgreSQL 17 server for the labs' databases; never the control database's server",
    allowed: 'a URL such as postgres://postgres:password@host:5432/postgres',
    defaultText: 'a second embedded PostgreSQL',
  }),
  templatesDir: setting(folder.default(join(projectRoot, 'lab-templates', 'labs')), {
    env: 'TEMPLATES_DIR',
    flag: '--templates-dir',
    value: '<folder>',
    description: 'Lab templates: one folder a template in this folder',
    allowed: 'the path of a folder',
    defaultText: 'lab-templates/labs in the checkout',
  }),
  programsDir: setting(folder.default(join(projectRoot, 'lab-templates', 'programs')), {
    env: 'PROGRAMS_DIR',
    flag: '--programs-dir',
    value: '<folder>',
    description: 'Programs: one YAML file a program in this folder',
    allowed: 'the path of a folder',
    defaultText: 'lab-templates/programs in the checkout',
  }),
  logLevel: setting(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'), {
    env: 'LOG_LEVEL',
    flag: '--log-level',
    value: '<level>',
    description: 'Least severe log line that is written; debug also shows where the start took its time',
    allowed: 'fatal, error, warn, info, debug, trace or silent',
  }),
  logFormat: setting(z.enum(['auto', 'text', 'json']).default('auto'), {
    env: 'LOG_FORMAT',
    flag: '--log-format',
    value: '<format>',
    description: 'How log lines read; auto: text on a terminal, else JSON',
    allowed: 'auto, text or json',
  }),
  roles: setting(listOf('api', 'worker').default(['api', 'worker']), {
    env: 'ROLES',
    flag: '--roles',
    value: '<list>',
    description: 'What this process does',
    allowed: 'a comma-separated list of api, worker',
  }),
  backends: setting(listOf(...builtBackends).default(['process']), {
    env: 'BACKENDS',
    flag: '--backends',
    value: '<list>',
    description: 'What labs are made with; the first is the default',
    allowed: 'a comma-separated list of: process, docker, kubernetes',
  }),
  dockerHost: setting(url('unix:', 'tcp:', 'http:', 'https:').default('unix:///var/run/docker.sock'), {
    env: 'DOCKER_HOST',
    flag: '--docker-host',
    value: '<url>',
    description: 'The Docker Engine of the backend docker (API 1.41 or newer)',
    allowed: 'a URL such as unix:///var/run/docker.sock or tcp://host:2376',
  }),
  dockerCertPath: setting(folder.nullable().default(null), {
    env: 'DOCKER_CERT_PATH',
    flag: '--docker-cert-path',
    value: '<folder>',
    description: 'Folder with ca.pem, cert.pem and key.pem for a Docker Engine behind TLS',
    allowed: 'the path of a folder',
    defaultText: 'no TLS',
  }),
  dockerSubnets: setting(
    z
      .string()
      .regex(/^(\d{1,3}\.){3}0\/(1[0-9]|2[0-4])$/)
      .default('10.213.0.0/16'),
    {
      env: 'DOCKER_SUBNETS',
      flag: '--docker-subnets',
      value: '<cidr>',
      description:
        "What labs' networks are cut from, 16 addresses each, where nothing else on the network is",
      allowed: 'an IPv4 network from /10 to /24, such as 10.213.0.0/16',
    },
  ),
  kubeconfig: setting(folder.nullable().default(null), {
    env: 'KUBECONFIG',
    flag: '--kubeconfig',
    value: '<file>',
    description: 'Kubeconfig of the cluster of the backend kubernetes (1.30 or newer)',
    allowed: 'the path of a file',
    defaultText: "the pod's service account, else .kube/config in the home folder",
  }),
  kubernetesContext: setting(z.string().min(1).nullable().default(null), {
    env: 'KUBERNETES_CONTEXT',
    flag: '--kubernetes-context',
    value: '<name>',
    description: 'Context of the kubeconfig',
    allowed: 'the name of a context',
    defaultText: "the kubeconfig's current context",
  }),
  kubernetesDial: setting(z.enum(['auto', 'direct', 'port-forward']).default('auto'), {
    env: 'KUBERNETES_DIAL',
    flag: '--kubernetes-dial',
    value: '<way>',
    description: "How labs' pods are connected to; auto: direct where Labwright itself runs in the cluster",
    allowed: 'auto, direct or port-forward',
  }),
  kubernetesStorageClass: setting(z.string().min(1).nullable().default(null), {
    env: 'KUBERNETES_STORAGE_CLASS',
    flag: '--kubernetes-storage-class',
    value: '<name>',
    description: "StorageClass of labs' databases and workspaces, which then outlive their pods and nodes",
    allowed: 'the name of a StorageClass',
    defaultText: 'kept on the node, and gone with the pod',
  }),
  kubernetesHostVolumes: setting(
    z
      .string()
      .regex(/^\/[\w./-]*[\w-]$/)
      .nullable()
      .default(null),
    {
      env: 'KUBERNETES_HOST_VOLUMES',
      flag: '--kubernetes-host-volumes',
      value: '<folder>',
      description: "Folder of the nodes for trainees' volumes in a cluster without a StorageClass",
      allowed: 'the absolute path of a folder that nodes may make',
      defaultText: 'none: labs with volumes need a StorageClass',
    },
  ),
  kubernetesApiUrl: setting(url('https:').nullable().default(null), {
    env: 'KUBERNETES_API_URL',
    flag: '--kubernetes-api-url',
    value: '<url>',
    description: "What trainees call the cluster's API in the kubeconfigs that they are given",
    allowed: 'a URL such as https://kubernetes.example.org:6443',
    defaultText: 'as Labwright calls it',
  }),
  kubernetesRuntimeClass: setting(z.string().min(1).nullable().default(null), {
    env: 'KUBERNETES_RUNTIME_CLASS',
    flag: '--kubernetes-runtime-class',
    value: '<name>',
    description: "RuntimeClass of labs' pods, such as one that runs them in gVisor",
    allowed: 'the name of a RuntimeClass',
    defaultText: "the cluster's own",
  }),
  kubernetesOwnLabels: setting(
    z
      .string()
      .regex(/^[\w./-]+=[\w.-]+(,[\w./-]+=[\w.-]+)*$/)
      .transform((text): Readonly<Record<string, string>> => {
        return Object.fromEntries(text.split(',').map((pair) => pair.split('=')));
      })
      .default({ 'app.kubernetes.io/name': 'labwright' }),
    {
      env: 'KUBERNETES_OWN_LABELS',
      flag: '--kubernetes-own-labels',
      value: '<labels>',
      description: "Labels that all of Labwright's own pods in the cluster have: labs let these in",
      allowed: 'labels such as app.kubernetes.io/name=labwright,tier=lab',
      defaultText: 'app.kubernetes.io/name=labwright',
    },
  ),
  labwrightImage: setting(z.string().min(1).default(`labwright:${productVersion()}`), {
    env: 'LABWRIGHT_IMAGE',
    flag: '--labwright-image',
    value: '<image>',
    description: "Image of this version of Labwright, for labs' APIs, partners and gateways in containers",
    allowed: 'the name of an image',
    defaultText: 'labwright with the version of this checkout',
  }),
  workspaceImage: setting(z.string().min(1).default(`labwright-workspace:${productVersion()}`), {
    env: 'WORKSPACE_IMAGE',
    flag: '--workspace-image',
    value: '<image>',
    description: "Image of labs' workspaces in containers",
    allowed: 'the name of an image',
    defaultText: 'labwright-workspace with the version of this checkout',
  }),
  postgresImage: setting(z.string().min(1).default('postgres:17'), {
    env: 'POSTGRES_IMAGE',
    flag: '--postgres-image',
    value: '<image>',
    description: "Image of labs' databases in containers: PostgreSQL 17 on Debian",
    allowed: 'the name of an image',
  }),
  redisImage: setting(z.string().min(1).default('redis:8'), {
    env: 'REDIS_IMAGE',
    flag: '--redis-image',
    value: '<image>',
    description: "Image of labs' Redis in containers",
    allowed: 'the name of an image',
  }),
  spares: setting(whole(0, 100).default(1), {
    env: 'SPARES',
    flag: '--spares',
    value: '<number>',
    description: 'Labs kept ready in advance for each template',
    allowed: 'a whole number from 0 to 100',
  }),
  labsPerTrainee: setting(whole(1, 10_000).default(3), {
    env: 'LABS_PER_TRAINEE',
    flag: '--labs-per-trainee',
    value: '<number>',
    description: 'Labs that one trainee may have at once',
    allowed: 'a whole number from 1 to 10000',
  }),
  labsGlobal: setting(whole(1, 100_000).default(50), {
    env: 'LABS_GLOBAL',
    flag: '--labs-global',
    value: '<number>',
    description: 'Labs of this installation at once',
    allowed: 'a whole number from 1 to 100000',
  }),
  concurrency: setting(whole(1, 256).default(4), {
    env: 'CONCURRENCY',
    flag: '--concurrency',
    value: '<number>',
    description: 'Labs that one worker works on at once',
    allowed: 'a whole number from 1 to 256',
  }),
  idlePauseMinutes: setting(whole(0, 10_080).default(0), {
    env: 'IDLE_PAUSE_MINUTES',
    flag: '--idle-pause-minutes',
    value: '<number>',
    description: 'A lab that nobody uses for so long is paused, unless its template says otherwise; 0: never',
    allowed: 'a whole number from 0 to 10080',
  }),
  snapshotsPerLab: setting(whole(0, 20).default(3), {
    env: 'SNAPSHOTS_PER_LAB',
    flag: '--snapshots-per-lab',
    value: '<number>',
    description: 'States of one lab that people may keep at once, to go back to; 0: none',
    allowed: 'a whole number from 0 to 20',
  }),
  exportsDir: setting(folder.nullable().default(null), {
    env: 'EXPORTS_DIR',
    flag: '--exports-dir',
    value: '<folder>',
    description: 'Where what templates keep of labs is written; the same folder for all replicas',
    allowed: 'the path of a folder',
    defaultText: 'exports in the data folder',
  }),
  exportDays: setting(whole(1, 3650).default(30), {
    env: 'EXPORT_DAYS',
    flag: '--export-days',
    value: '<number>',
    description: 'How many days an export of a lab is kept',
    allowed: 'a whole number from 1 to 3650',
  }),
  exportMaxMb: setting(whole(1, 2048).default(100), {
    env: 'EXPORT_MAX_MB',
    flag: '--export-max-mb',
    value: '<number>',
    description: 'What an export of a lab may hold; the rest is left out, and its manifest says so',
    allowed: 'a whole number from 1 to 2048',
  }),
  drainSeconds: setting(whole(1, 3600).default(10), {
    env: 'DRAIN_SECONDS',
    flag: '--drain-seconds',
    value: '<number>',
    description: 'How long a stop waits for work in progress',
    allowed: 'a whole number from 1 to 3600',
  }),
  installationKey: setting(
    z
      .string()
      .regex(/^[0-9a-f]{64,}$/i)
      .nullable()
      .default(null),
    {
      env: 'INSTALLATION_KEY',
      flag: '--installation-key',
      value: '<hex>',
      description: "Key that the labs' secrets derive from; the same on every replica",
      allowed: '64 or more hexadecimal digits (openssl rand -hex 32)',
      defaultText: 'made once and kept in the data folder',
      secret: true,
    },
  ),
});

export type Config = z.infer<typeof schema>;

export interface Setting extends About {
  readonly key: keyof Config;
}

/** Every setting in the order of the help table. */
export function listSettings(): readonly (Setting & { readonly default: string })[] {
  return (Object.keys(schema.shape) as (keyof Config)[]).map((key) => {
    const about = aboutOf(key);
    return { ...about, key, default: about.defaultText ?? String(schema.shape[key].parse(undefined)) };
  });
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface BadSetting {
  readonly setting: string;
  readonly found: string;
  readonly allowed: string;
}

/** Names every setting that is wrong, not only the first. */
export class ConfigError extends Error {
  readonly bad: readonly BadSetting[];

  constructor(bad: readonly BadSetting[]) {
    super(bad.map((b) => `${b.setting}: found ${b.found}; allowed is ${b.allowed}.`).join('\n'));
    this.name = 'ConfigError';
    this.bad = bad;
  }
}

/**
 * The settings from flags (by key, which win) and environment variables; an empty value counts as not given.
 * Throws ConfigError.
 */
export function loadConfig(
  flags: Partial<Record<keyof Config, string>> = {},
  env: Environment = process.env,
): Config {
  const given = new Map<keyof Config, { readonly from: string; readonly text: string }>();
  for (const { key, env: name, flag } of listSettings()) {
    const text = flags[key] ?? (env[name] || undefined);
    if (text !== undefined)
      given.set(key, { from: flags[key] === undefined ? name : `${name} (${flag})`, text });
  }
  const parsed = schema.safeParse(Object.fromEntries([...given].map(([key, { text }]) => [key, text])));
  if (parsed.success) return parsed.data;
  const wrong = new Set(parsed.error.issues.map((issue) => issue.path[0] as keyof Config));
  throw new ConfigError(
    [...wrong].map((key) => {
      const { from, text } = given.get(key) ?? { from: key, text: '' };
      const about = aboutOf(key);
      const found = about.secret === true ? 'a value that is not shown' : `"${mask(text)}"`;
      return { setting: from, found, allowed: about.allowed };
    }),
  );
}

/** Where commands find the server: given by hand, or what the server in the data folder has saved. */
export interface ClientConfig {
  readonly url: string | null;
  readonly token: string | null;
  readonly dataDir: string;
}

/** Throws ConfigError. */
export function loadClientConfig(
  flags: { readonly url?: string; readonly token?: string; readonly dataDir?: string } = {},
  env: Environment = process.env,
): ClientConfig {
  const address = flags.url ?? (env.LABWRIGHT_URL || null);
  if (address !== null && !url('http:', 'https:').safeParse(address).success) {
    const setting = flags.url === undefined ? 'LABWRIGHT_URL' : 'LABWRIGHT_URL (--url)';
    throw new ConfigError([
      { setting, found: `"${mask(address)}"`, allowed: 'a URL such as http://127.0.0.1:4000' },
    ]);
  }
  return {
    url: address?.replace(/\/+$/, '') ?? null,
    token: flags.token ?? (env.LABWRIGHT_TOKEN || null),
    dataDir: folder.parse(flags.dataDir ?? (env.DATA_DIR || defaultDataDir())),
  };
}

/**
 * What traces are called, where OpenTelemetry's standard environment variables ask for traces; null where they do not.
 * Where they go and how many there are, its SDK reads itself.
 */
export function loadTracing(env: Environment = process.env): { readonly serviceName: string | null } | null {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return null;
  const exporters = env.OTEL_TRACES_EXPORTER?.trim();
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (exporters === 'none' || (!exporters && !endpoint)) return null;
  const isNamed =
    Boolean(env.OTEL_SERVICE_NAME) || /(^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  return { serviceName: isNamed ? null : 'labwright' };
}

/** Where a step of a GitHub job writes its summary; null outside of one. */
export function stepSummaryFile(env: Environment = process.env): string | null {
  return env.GITHUB_STEP_SUMMARY || null;
}

/** What cannot be tried here is a failure, where somebody has asked for that: in CI. */
export function requiresAll(env: Environment = process.env): boolean {
  return env.LABWRIGHT_REQUIRE_ALL === '1';
}

/** How output may look: colours only on a terminal, and not where the reader has asked for none. */
export function wantsColour(isTerminal: boolean, env: Environment = process.env): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return isTerminal && env.TERM !== 'dumb';
}

function aboutOf(key: keyof Config): About {
  const about = abouts.get(schema.shape[key]);
  if (about === undefined) throw new Error(`setting ${key} is not described`);
  return about;
}
