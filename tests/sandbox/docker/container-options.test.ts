import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../src/sandbox/containers/types.ts';
import { containerOptions, ownFolderMount, userOf } from '../../../src/sandbox/docker/container-options.ts';

const spec: ContainerSpec = {
  ref: { sandboxId: 'sb-1', component: 'api', generation: 2 },
  role: 'component',
  image: 'labwright:0',
  entrypoint: ['node'],
  command: ['main.ts'],
  env: { PORT: '3000' },
  workingDir: '/app',
  user: '999:999',
  aliases: ['api'],
  network: true,
  mounts: [{ volume: 'files', path: '/lab/workspace', readOnly: true }],
  ownFolder: '/data/own',
  writableRoot: false,
  tmpfs: { '/run/x': 8 },
  limits: { memoryMb: 384, cpu: 0.5, pids: 256, diskMb: 1_024 },
};
const context = {
  installationId: 'inst',
  name: 'lw_s_sb_1_api_2',
  network: 'lw_s_sb_1_net',
  user: '999:999',
  now: new Date('2030-01-02T03:04:05Z'),
  limitsDisk: true,
};
const shared = {
  'dev.labwright.installation': 'inst',
  'dev.labwright.sandbox': 'sb-1',
  'dev.labwright.created-at': '2030-01-02T03:04:05.000Z',
};

describe('what the engine is told of a container', () => {
  it('is all that holds it, whatever it runs', () => {
    const volume = { NoCopy: true, Labels: shared, DriverConfig: { Name: 'local', Options: {} } };
    expect(containerOptions(spec, context)).toEqual({
      name: 'lw_s_sb_1_api_2',
      Image: 'labwright:0',
      Entrypoint: ['node'],
      Cmd: ['main.ts'],
      WorkingDir: '/app',
      User: '999:999',
      Hostname: 'api',
      Env: ['PORT=3000'],
      Labels: {
        ...shared,
        'dev.labwright.component': 'api',
        'dev.labwright.generation': '2',
        'dev.labwright.role': 'component',
      },
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'lw_s_sb_1_net',
        Dns: ['127.0.0.1'],
        DnsOptions: ['timeout:1', 'attempts:1'],
        DnsSearch: ['.'],
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        ReadonlyRootfs: true,
        Tmpfs: {
          '/tmp': 'rw,exec,nosuid,nodev,size=64m,mode=1777',
          '/run/x': 'rw,nosuid,nodev,size=8m,uid=999,gid=999,mode=0700',
        },
        Mounts: [
          { Type: 'volume', Source: '', Target: '/data', VolumeOptions: volume },
          {
            Type: 'volume',
            Source: 'files',
            Target: '/lab/workspace',
            ReadOnly: true,
            VolumeOptions: volume,
          },
        ],
        IpcMode: 'private',
        Init: true,
        RestartPolicy: { Name: 'no' },
        OomScoreAdj: 500,
        Memory: 402_653_184,
        MemorySwap: 402_653_184,
        NanoCpus: 500_000_000,
        PidsLimit: 256,
        Ulimits: [
          { Name: 'nofile', Soft: 16_384, Hard: 16_384 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
      },
      NetworkingConfig: { EndpointsConfig: { lw_s_sb_1_net: { Aliases: ['api'] } } },
    });
  });

  it('is no network where none is wanted, and the image for what is not said', () => {
    const { entrypoint: _e, command: _c, workingDir: _w, ownFolder: _o, ...plain } = spec;
    const options = containerOptions({ ...plain, network: false, aliases: [] }, context);
    expect(options).not.toHaveProperty('Entrypoint');
    expect(options).not.toHaveProperty('Cmd');
    expect(options).not.toHaveProperty('WorkingDir');
    expect(options).not.toHaveProperty('NetworkingConfig');
    expect(options.HostConfig).toMatchObject({ NetworkMode: 'none' });
    expect(options.HostConfig?.Mounts).toHaveLength(1);
  });

  it('keeps a layer that is written to small, where the engine can', () => {
    const writable = { ...spec, writableRoot: true };
    expect(containerOptions(writable, context).HostConfig).toMatchObject({
      ReadonlyRootfs: false,
      StorageOpt: { size: '1024m' },
    });
    const cannot = containerOptions(writable, { ...context, limitsDisk: false });
    expect(cannot.HostConfig).not.toHaveProperty('StorageOpt');
  });

  it('is never root, whatever an image says', () => {
    const ofImage = { ...spec, user: 'image' };
    for (const root of ['', 'root', '0', '0:0', 'root:root', '00', ':5'])
      expect(userOf(ofImage, root), root).toBe('999:999');
    for (const other of ['node', '1000', '1000:1000', '10', 'rooted'])
      expect(userOf(ofImage, other), other).toBe(other);
    expect(userOf(spec, 'root')).toBe('999:999');
  });

  it('has a folder of its own two folders deep, and refuses any other', () => {
    expect(ownFolderMount('/lab/redis')).toBe('/lab');
    expect(ownFolderMount('/var/lib/x')).toBe('/var/lib');
    for (const folder of ['/data', 'data/own', '/', '/..', '/a/../b'])
      expect(() => ownFolderMount(folder), folder).toThrow(/two folders deep/);
  });
});
