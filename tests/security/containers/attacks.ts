/** Attacks out of a lab in containers: on other labs, on the host, and on what keeps the two apart. */
import { existsSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { type Change, type ContainerWorld, secret } from './container-world.ts';

type In = Attack<ContainerWorld>;

interface Scripted extends Pick<Attack, 'family' | 'name' | 'defence' | 'off'> {
  /** Bash; the attacker has won when it prints `won`. */
  readonly script: string | ((world: ContainerWorld) => Promise<string> | string);
  /** What the attacker is given on both sides, so that this defence is the only one left. */
  readonly given?: Change;
  /** The defence, switched off. */
  readonly without: Change;
}

const asRoot: Change = (options) => {
  options.User = '0:0';
};

function scripted({ script, given, without, ...about }: Scripted): In {
  const text = async (world: ContainerWorld) => (typeof script === 'string' ? script : script(world));
  const judged = (printed: string): Outcome => outcome(/^won$/m.test(printed), printed);
  return attack<ContainerWorld>({
    ...about,
    run: async (world) => {
      const told = await text(world);
      return judged(given === undefined ? await world.asTrainee(told) : await world.inOther(given, told));
    },
    control: async (world) => {
      const both: Change = (options, around) => {
        given?.(options, around);
        without(options, around);
      };
      return judged(await world.inOther(both, await text(world)));
    },
  });
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
const caught = (command: string) => `if [ "$(${command})" = ${JSON.stringify(secret)} ]; then echo won; fi`;
const fetchFrom = (url: string) => `curl --silent --max-time 3 ${url}`;
const joins =
  (network: string): Change =>
  (options) => {
    options.HostConfig.NetworkMode = network;
  };

const device =
  ['/dev/fuse', '/dev/net/tun', '/dev/loop-control'].find((path) => existsSync(path)) ?? '/dev/fuse';

const networks: readonly In[] = [
  scripted({
    family: 'network',
    name: "asks the neighbour's service by its address",
    defence: 'a network for each lab',
    off: "the neighbour's network",
    script: async (world) => caught(fetchFrom(`http://${await world.addressOf(world.theirs, 'web')}:9000/`)),
    without: (options, { theirNetwork }) => {
      options.HostConfig.NetworkMode = theirNetwork;
    },
  }),
  scripted({
    family: 'network',
    name: "finds the neighbour's components by name",
    defence: "names are known in the lab's own network",
    off: "the neighbour's network",
    // Both labs have one of this name: whose it is, its address tells.
    script: async (world) =>
      `getent ahostsv4 web | grep --quiet '^${await world.addressOf(world.theirs, 'web')} ' && echo won`,
    without: (options, { theirNetwork }) => {
      options.HostConfig.NetworkMode = theirNetwork;
    },
  }),
  attack<ContainerWorld>({
    family: 'network',
    name: "asks a service of the host by the network's gateway address",
    defence: 'no address of the host in the network (inhibit_ipv4)',
    off: 'a network of the same kind without it',
    run: (world) =>
      world.withNetwork({ Internal: true, inhibit: true }, async (name, gateway) => {
        const url = `http://${gateway}:${world.hostPort}/`;
        const printed = await world.inOther(joins(name), caught(fetchFrom(url)));
        return outcome(printed.includes('won'), printed);
      }),
    control: (world) =>
      world.withNetwork({ Internal: true, inhibit: false }, async (name, gateway) => {
        const url = `http://${gateway}:${world.hostPort}/`;
        const printed = await world.inOther(joins(name), caught(fetchFrom(url)));
        return outcome(printed.includes('won'), printed);
      }),
  }),
  attack<ContainerWorld>({
    family: 'network',
    name: "asks a service of the host by the host's own address",
    defence: 'an internal network',
    off: 'a network with a way out',
    run: async (world) => {
      const printed = await world.asTrainee(
        caught(fetchFrom(`http://${world.hostAddress}:${world.hostPort}/`)),
      );
      return outcome(printed.includes('won'), printed);
    },
    control: (world) =>
      world.withNetwork({ Internal: false, inhibit: false }, async (name, gateway) => {
        const to = world.hostAddress === '127.0.0.1' ? gateway : world.hostAddress;
        const script = caught(fetchFrom(`http://${to}:${world.hostPort}/`));
        const printed = await world.inOther(joins(name), script);
        return outcome(printed.includes('won'), printed);
      }),
  }),
  attack<ContainerWorld>({
    family: 'network',
    name: 'is asked by somebody on the host, past its gateway',
    defence: "no way from the host into a lab's network",
    off: 'a network that the host has an address in',
    run: async (world) => {
      const seen = await answer(await world.addressOf(world.mine, 'web'));
      return outcome(seen === secret, seen);
    },
    control: (world) =>
      world.withNetwork({ Internal: true, inhibit: false }, async (name) => {
        const listen = `require('node:http').createServer((_, a) => a.end(${JSON.stringify(secret)})).listen(9000)`;
        const serving = world.inOther(joins(name), `timeout 10 node -e ${quoted(listen)}`);
        const address = await eventualAddress(world, name);
        let seen = '';
        for (let tries = 0; tries < 40 && seen !== secret; tries++) {
          seen = await answer(address);
          await delay(200);
        }
        await serving;
        return outcome(seen === secret, seen);
      }),
  }),
  scripted({
    family: 'network',
    name: 'opens a raw socket, to listen to and to speak as others',
    defence: 'no capabilities, for root neither',
    off: 'the capabilities that an engine gives by itself',
    given: asRoot,
    script: `python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print("won")'`,
    without: (options) => {
      options.HostConfig.CapDrop = [];
    },
  }),
  scripted({
    family: 'network',
    name: "takes another's address in the network",
    defence: 'no capability to change the network',
    off: 'that capability',
    given: asRoot,
    script: `python3 -c '
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
# SIOCSIFADDR of eth0:1
a = struct.pack("16sH2s4s8s", b"eth0", socket.AF_INET, b"", socket.inet_aton("10.99.99.99"), b"")
fcntl.ioctl(s, 0x8916, a)
print("won")'`,
    without: (options) => {
      options.HostConfig.CapAdd = ['NET_ADMIN'];
    },
  }),
  attack<ContainerWorld>({
    family: 'network',
    name: "speaks to the lab's gateway",
    defence: 'the gateway listens nowhere: its agent has only the pipes that Labwright holds',
    off: 'a program in the gateway that listens',
    run: async (world) => {
      const address = await world.addressOf(world.mine, 'gateway_');
      return outcome((await openPorts(world, address, '1-65535')) !== '', address);
    },
    control: async (world) => {
      const address = await world.addressOf(world.mine, 'gateway_');
      const listens = "require('node:net').createServer().listen(4567, '0.0.0.0'); process.stdin.resume()";
      const id = await world.containerOf(world.mine, 'gateway_');
      const pipe = await world.containers.pipe(id, ['node', '-e', listens], AbortSignal.timeout(60_000));
      try {
        let open = '';
        for (let tries = 0; tries < 40 && open === ''; tries++)
          open = await openPorts(world, address, '4567-4567');
        return outcome(open.includes('4567'), open);
      } finally {
        pipe.destroy();
      }
    },
  }),
  attack<ContainerWorld>({
    family: 'network',
    name: "reads a partner's journal by its control port",
    defence: 'a token that the trainee does not have',
    off: 'the token',
    run: async (world) => journal(world, 'a guess'),
    control: async (world) => {
      const access = world.driver.access(world.mine, 'partner');
      return journal(world, access.kind === 'stub' ? access.controlToken : '');
    },
  }),
];

async function journal(world: ContainerWorld, token: string): Promise<Outcome> {
  const printed = await world.asTrainee(
    `curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' -H 'authorization: Bearer ${token}' http://partner:8081/journal`,
  );
  return outcome(printed === '200', printed);
}

/** Of those ports, the ones that are open, as the trainee finds out. */
async function openPorts(world: ContainerWorld, address: string, range: string): Promise<string> {
  const [from, to] = range.split('-');
  const scan = `python3 -c '
import socket, sys
for port in range(${from}, ${to} + 1):
    s = socket.socket()
    s.settimeout(0.3)
    if s.connect_ex(("${address}", port)) == 0: print(port)
    s.close()'`;
  return (await world.asTrainee(scan)).trim();
}

/** What is answered on the port of a lab's service. */
const answer = (address: string): Promise<string> =>
  fetch(`http://${address}:9000/`, { signal: AbortSignal.timeout(1_500) }).then((got) => got.text(), String);

/** Of the only container in a network, once there is one. */
async function eventualAddress(world: ContainerWorld, name: string): Promise<string> {
  for (;;) {
    const { Containers } = await world.engine.ask(
      'look at a network',
      (docker) => docker.getNetwork(name).inspect(),
      AbortSignal.timeout(30_000),
    );
    const [only] = Object.values((Containers ?? {}) as Record<string, { IPv4Address: string }>);
    if (only !== undefined) return only.IPv4Address.split('/')[0] ?? '';
  }
}

const hosts: readonly In[] = [
  scripted({
    family: 'host',
    name: "asks the engine through its socket to do the trainee's will",
    defence: 'the socket is in no container of a lab',
    off: 'the socket',
    given: asRoot,
    script: `[ "$(curl --silent --max-time 3 --unix-socket /var/run/docker.sock http://engine/_ping)" = OK ] && echo won`,
    without: (options) => {
      options.HostConfig.Binds = ['/var/run/docker.sock:/var/run/docker.sock'];
    },
  }),
  scripted({
    family: 'host',
    name: 'reads a file of the host',
    defence: 'no folder of the host is in a lab',
    off: 'a folder of the host',
    script: caught(
      'cat "$(find / -path /proc -prune -o -name secret.txt -print 2> /dev/null | head -n 1)" 2> /dev/null',
    ),
    without: (options, { folder }) => {
      options.HostConfig.Binds = [`${folder}:/outside:ro`];
    },
  }),
  scripted({
    family: 'host',
    name: 'sees the processes of the host',
    defence: 'process ids of its own',
    off: "the host's process ids",
    script: `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f 2> /dev/null; echo; done | grep --quiet 'docker[d]' && echo won`,
    without: (options) => {
      options.HostConfig.PidMode = 'host';
      options.HostConfig.Init = false;
    },
  }),
  scripted({
    family: 'host',
    name: 'sees memory that others of the host share',
    defence: 'shared memory of its own',
    off: "the host's",
    // Which one it is, the kernel tells.
    script: () => `[ "$(readlink /proc/self/ns/ipc)" = "${readlinkSync('/proc/self/ns/ipc')}" ] && echo won`,
    without: (options) => {
      options.HostConfig.IpcMode = 'host';
    },
  }),
  scripted({
    family: 'host',
    name: 'starts programs without end',
    defence: 'a limit of processes',
    off: 'no limit of processes',
    script: `for i in $(seq 150); do sleep 10 & done 2> /dev/null; [ "$(ls -d /proc/[0-9]* | wc -l)" -gt 140 ] && echo won; kill $(jobs -p) 2> /dev/null`,
    without: (options) => {
      options.HostConfig.PidsLimit = -1;
    },
  }),
  scripted({
    family: 'host',
    name: 'takes the memory of the host',
    defence: 'a limit of memory and swap together',
    off: 'no limit of memory',
    script: `python3 -c 'x = bytearray(300 << 20); x[::4096] = b"1" * len(x[::4096]); print("won")'`,
    without: (options) => {
      options.HostConfig.Memory = 0;
      options.HostConfig.MemorySwap = 0;
    },
  }),
  scripted({
    family: 'host',
    name: 'takes the processors of the host',
    defence: 'a limit of processor time',
    off: 'no limit of processor time',
    script: `python3 -c '
import time
end, start = time.monotonic() + 3, time.process_time()
while time.monotonic() < end: pass
# Half a core is allowed; on a busy machine even a free one does not get a whole.
import os
throttled = [line.split()[1] for line in open([p for p in ("/sys/fs/cgroup/cpu/cpu.stat", "/sys/fs/cgroup/cpu.stat") if os.path.exists(p)][0]) if line.startswith("nr_throttled")]
if throttled == ["0"]: print("won")'`,
    without: (options) => {
      options.HostConfig.NanoCpus = 0;
    },
  }),
  scripted({
    family: 'host',
    name: 'opens files without end',
    defence: 'a limit of open files',
    off: 'no limit of open files',
    script: `python3 -c '
import os, resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
opened = []
try:
    while len(opened) < 17000: opened.append(os.open("/dev/null", os.O_RDONLY))
    print("won")
except OSError: pass'`,
    without: (options) => {
      options.HostConfig.Ulimits = [{ Name: 'nofile', Soft: 18_000, Hard: 18_000 }];
    },
  }),
  scripted({
    family: 'host',
    name: 'fills the memory of the host by /tmp',
    defence: '/tmp has a size',
    off: 'a /tmp without one',
    script: `head -c 90000000 /dev/zero > /tmp/large 2> /dev/null; [ "$(stat -c %s /tmp/large)" = 90000000 ] && echo won; rm -f /tmp/large`,
    without: (options) => {
      options.HostConfig.Tmpfs = { '/tmp': 'rw,mode=1777' };
    },
  }),
  attack<ContainerWorld>({
    family: 'host',
    name: "fills the host's disk by what a program prints",
    defence: 'logs are turned over',
    off: 'a log without a size',
    run: (world) => flooded(world, () => {}),
    control: (world) =>
      flooded(world, (host) => {
        host.LogConfig = { Type: 'json-file', Config: { 'max-size': '200m', 'max-file': '1' } };
      }),
  }),
];

/** Whether 40 MB that a container's first program printed are all kept. */
async function flooded(
  world: ContainerWorld,
  change: (host: { LogConfig?: object | undefined }) => void,
): Promise<Outcome> {
  const signal = AbortSignal.timeout(60_000);
  const { Config, HostConfig } = await world.inspect(world.mine, 'workspace');
  const { Mounts: _, ...host } = HostConfig as typeof HostConfig & { Mounts?: unknown };
  const options = {
    Image: Config.Image,
    Entrypoint: ['sh', '-c', 'yes 0123456789012345678901234567890123456789 | head -c 40000000'],
    User: Config.User,
    Labels: { ...Config.Labels, 'dev.labwright.component': 'other' },
    HostConfig: { ...host, NetworkMode: 'none' },
  };
  change(options.HostConfig);
  const made = await world.engine.ask(
    'make a container',
    (docker) => docker.createContainer(options),
    signal,
  );
  try {
    const kept = await world.engine.ask(
      'run a container',
      async (docker) => {
        const container = docker.getContainer(made.id);
        await container.start();
        await container.wait();
        return (await container.logs({ stdout: true, stderr: true, follow: false })).length;
      },
      signal,
    );
    return outcome(kept > 35_000_000, kept);
  } finally {
    await world.containers.remove(made.id, signal);
  }
}

const escapes: readonly In[] = [
  scripted({
    family: 'escape',
    name: 'mounts a file system',
    defence: 'no capabilities, for root neither',
    off: 'the capability of an administrator',
    given: asRoot,
    script: 'mkdir -p /tmp/m && mount -t tmpfs mine /tmp/m && echo won',
    without: (options) => {
      options.HostConfig.CapAdd = ['SYS_ADMIN'];
    },
  }),
  scripted({
    family: 'escape',
    name: 'makes a device and reads the disk by it',
    defence: 'no capabilities, for root neither',
    off: 'the capability to make devices',
    given: (options, around) => {
      asRoot(options, around);
      options.HostConfig.Tmpfs = { '/tmp': 'rw,dev,mode=1777' };
    },
    script: 'mknod /tmp/disk b 7 0 && echo won',
    without: (options) => {
      options.HostConfig.CapAdd = ['MKNOD'];
    },
  }),
  scripted({
    family: 'escape',
    name: 'becomes root by a program that is set so',
    defence: 'no-new-privileges',
    off: 'new privileges',
    // It waits for a password, and who it is meanwhile can be read.
    script: `(sleep 3 | su root -c true > /dev/null 2>&1) & sleep 1
for f in /proc/[0-9]*/status; do grep --quiet '^Name:.su$' $f 2> /dev/null && grep --quiet -P '^Uid:\\t\\d+\\t0\\t' $f && echo won; done; true`,
    without: (options) => {
      options.HostConfig.SecurityOpt = [];
      options.HostConfig.CapDrop = [];
    },
  }),
  scripted({
    family: 'escape',
    name: 'is root in a namespace of its own, where the kernel has more to attack',
    defence: 'the filter of system calls',
    off: 'no filter',
    script: `unshare --user --map-root-user true && echo won`,
    without: (options) => {
      options.HostConfig.SecurityOpt = ['no-new-privileges', 'seccomp=unconfined'];
    },
  }),
  scripted({
    family: 'escape',
    name: "reads the kernel's keys",
    defence: 'the filter of system calls',
    off: 'no filter',
    script: `python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
# keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1)
if libc.syscall(250, 0, -3, 1) > 0: print("won")'`,
    without: (options) => {
      options.HostConfig.SecurityOpt = ['no-new-privileges', 'seccomp=unconfined'];
    },
  }),
  scripted({
    family: 'escape',
    name: 'puts another program in the place of one that the grader runs',
    defence: 'a root file system that nobody can write to',
    off: 'one that can be written to',
    given: asRoot,
    script: 'echo "echo pass" > /usr/bin/psql && echo won',
    without: (options) => {
      options.HostConfig.ReadonlyRootfs = false;
    },
  }),
  scripted({
    family: 'escape',
    name: 'puts another program in the place of one, as itself',
    defence: 'a user without rights',
    off: 'root',
    given: (options) => {
      options.HostConfig.ReadonlyRootfs = false;
    },
    script: 'echo "echo pass" > /usr/bin/psql && echo won',
    without: asRoot,
  }),
  scripted({
    family: 'escape',
    name: 'names a program that the host runs when something crashes',
    defence: "the kernel's settings are for reading",
    off: 'settings that can be written',
    given: asRoot,
    // Opened, and left as it is.
    script: `python3 -c 'import os; os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY); print("won")'`,
    without: (options) => {
      (options.HostConfig as { ReadonlyPaths?: string[] }).ReadonlyPaths = [];
    },
  }),
  scripted({
    family: 'escape',
    name: 'opens a device of the host',
    defence: 'no devices of the host',
    off: 'that device',
    given: asRoot,
    script: () => `[ -c ${device} ] && exec 3<> ${device} && echo won`,
    without: (options) => {
      options.HostConfig.Devices = [
        { PathOnHost: device, PathInContainer: device, CgroupPermissions: 'rwm' },
      ];
    },
  }),
  scripted({
    family: 'escape',
    name: 'reads what the kernel tells of everybody',
    defence: 'masked files of /proc',
    off: 'no masks',
    given: asRoot,
    script: 'grep --quiet keyring /proc/keys && echo won',
    without: (options) => {
      (options.HostConfig as { MaskedPaths?: string[] }).MaskedPaths = [];
    },
  }),
];

export const containerAttacks: readonly In[] = [...networks, ...hosts, ...escapes];
