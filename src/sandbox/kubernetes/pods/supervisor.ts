/**
 * What process 1 of our containers is, and what is run beside it to steer it.
 *
 * Kubernetes can end a container and start it again only after a while that grows; and what a pod holds goes with it. So
 * the program of a component is the child of a small shell script that outlives it: the program is ended, held and
 * started again in place, at once, as often as is wanted.
 *
 * Files in its folder: `run` (number of the run, of the program's process), `ended` (number of the run, exit code, how
 * often the kernel ended something for its memory), `again` (it is to be started). What it prints between the program's
 * own lines begins with a byte that no text has, see `supervised-log.ts`.
 */

/** Of the supervisor, in each container that has one. */
const supervisorFolder = '/labwright';
export const stateFolder = `${supervisorFolder}/state`;
/** Files of the first start, as a Secret holds them. */
export const filesFolder = `${supervisorFolder}/files`;
/** A copy of a workspace, where it can be written. */
export const sourceFolder = `${supervisorFolder}/source`;

/** All processes that descend from process 1, which are the program's; those of the API's exec have no parent here. */
const sweep = `sweep() {
  for one in /proc/[0-9]*; do
    one=\${one#/proc/}
    [ "$one" = 1 ] && continue
    at=$one
    while [ "$at" -gt 1 ]; do
      up=0
      while read -r key value rest; do
        [ "$key" = PPid: ] && up=$value && break
      done 2> /dev/null < "/proc/$at/status"
      at=$up
    done
    [ "$at" = 1 ] && kill "-$1" "$one" 2> /dev/null
  done
}`;

/** The first line of the list names the first file: its mode, of how many pieces it is, its path. */
const putFiles = `if [ -e ${filesFolder}/list ] && [ ! -e ${stateFolder}/filled ]; then
  file=0
  while read -r mode pieces path; do
    [ -d "\${path%/*}" ] || mkdir -p "\${path%/*}" || exit 1
    rm -f "$path"
    (umask 077; : > "$path") || exit 1
    piece=0
    while [ "$piece" -lt "$pieces" ]; do
      cat "${filesFolder}/$file-$piece" >> "$path" || exit 1
      piece=$((piece + 1))
    done
    chmod "$mode" "$path"
    file=$((file + 1))
  done < ${filesFolder}/list
  : > ${stateFolder}/filled
fi`;

/**
 * `&` makes a shell ignore INT and QUIT for the program, which \`env\` takes back. What a trainee's program left behind is
 * ended with it. A container that the node started again waits: whoever looks after the lab says whether to go on.
 */
const supervise = `ulimit -c 0
state=${stateFolder}
begin=$1
shift
child=
run=0
${sweep}
kills() {
  kills=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$file" ] || continue
    while read -r key value; do
      [ "$key" = oom_kill ] && kills=$value
    done < "$file"
    return
  done
}
trap 'kill -KILL -1; exit 143' TERM INT
trap 'woken=1' USR1
if [ -e $state/run ]; then
  begin=wait
  read -r run child < $state/run
  [ -e $state/ended ] || echo "$run lost 0" > $state/ended
  read -r ended < $state/ended
  printf '\\n\\036ended %s\\n' "$ended"
fi
[ -e $state/again ] && begin=go
${putFiles}
while :; do
  if [ "$begin" = go ]; then
    begin=
    rm -f $state/again $state/ended
    run=$((run + 1))
    kills
    before=$kills
    printf '\\036began %s\\n' "$run"
    setsid env --default-signal=INT,QUIT "$@" &
    child=$!
    echo "$run $child" > $state/run.new
    mv $state/run.new $state/run
    woken=1
    while [ -n "$woken" ]; do
      woken=
      # It would tell the program's log by what signal it ended.
      wait "$child" 2> /dev/null
      code=$?
    done
    sweep KILL
    kills
    printf '\\n\\036ended %s %s %s\\n' "$run" "$code" "$((kills - before))"
    echo "$run $code $((kills - before))" > $state/ended.new
    mv $state/ended.new $state/ended
  fi
  [ -e $state/again ] && begin=go && continue
  sleep 600 &
  nap=$!
  wait "$nap"
  kill "$nap" 2> /dev/null
done`;

/** @param begin `wait`: it is started by the first word only. */
export function supervisorCommand(begin: 'go' | 'wait', argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', supervise, 'supervisor', begin, ...argv];
}

/** For a program that runs once, to its end. */
export function onceCommand(argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', `${putFiles}\nexec "$@"`, 'once', ...argv];
}

/** Process 1 of a container that others enter: it collects what they leave behind, and does nothing. */
export const idleCommand: readonly string[] = [
  '/bin/sh',
  '-c',
  "trap 'exit 143' TERM INT; while :; do sleep 3600 & wait $!; done",
];

/** How it went, as exit codes of the scripts below. */
export const steered = { done: 0, late: 3, broken: 4 } as const;

/** Signal, and tenths of a second until it is ended by force; none: never. */
const steering = `cd /
state=${stateFolder}
how=$1
within=$2
${sweep}
run=0
child=
[ -e $state/run ] && read -r run child < $state/run
now() {
  now=0
  [ -e $state/run ] && read -r now rest < $state/run
}
runs() {
  now
  [ "$run" -gt 0 ] && [ "$now" -eq "$run" ] && [ ! -e $state/ended ]
}
await() {
  tenths=0
  while "$@"; do
    [ "$tenths" -ge "$limit" ] && return 1
    sleep 0.1
    tenths=$((tenths + 1))
  done
}
quick() {
  for wait in 0.01 0.02 0.04; do
    "$@" || return
    sleep "$wait"
  done
}
finish() {
  runs || return 0
  if [ "$how" = KILL ]; then sweep KILL
  else kill "-$how" "$child" 2> /dev/null
  fi
  quick runs
  limit=\${within:-100}
  await runs && return
  [ -n "$within" ] || exit ${steered.late}
  sweep KILL
  limit=100
  await runs || exit ${steered.late}
}
older() {
  now
  [ "$now" -le "$run" ]
}
again() {
  : > $state/again
  finish
  kill -USR1 1
  quick older
  limit=10
  rounds=0
  while older; do
    kill -USR1 1
    await older && break
    [ "$((rounds = rounds + 1))" -gt 20 ] && exit ${steered.late}
  done
  return 0
}`;

/** A signal's name without SIG, and how long its program may take over it; null: as long as it likes, within ten seconds. */
const steer = (what: string, signal: string, withinMs: number | null): string[] => {
  const tenths = withinMs === null ? '' : String(Math.ceil(withinMs / 100));
  return ['/bin/sh', '-c', `${steering}\n${what}`, 'steer', signal, tenths];
};

export const endCommand = (signal: string, withinMs: number | null): string[] =>
  steer('finish', signal, withinMs);

export const againCommand = (signal: string, withinMs: number): string[] => steer('again', signal, withinMs);

/** Starts it where it does not run. */
export const beginCommand: readonly string[] = steer('runs || again', 'TERM', 1_000);

/** Twice: what was begun by a process just before it was held. */
export const holdCommand: readonly string[] = steer('sweep STOP; sweep STOP; exit 0', '', null);
export const releaseCommand: readonly string[] = steer('sweep CONT; sweep CONT; exit 0', '', null);

/**
 * Takes a new copy of the workspace from its input, an archive, and starts the program on it. The old copy goes once
 * nobody runs from it.
 */
export const refillCommand = (signal: string, withinMs: number): string[] =>
  steer(
    `next=${sourceFolder}/.next
rm -rf "$next"
mkdir "$next" && tar -x -f - -C "$next" || exit ${steered.broken}
finish
for old in ${sourceFolder}/*; do
  [ -e "$old" ] && chmod -R u+rwX "$old" && rm -rf "$old"
done
mv "$next"/* ${sourceFolder}/ || exit ${steered.broken}
again`,
    signal,
    withinMs,
  );

/** Everything but process 1, from wherever it was begun. */
export const killAllCommand: readonly string[] = ['/bin/sh', '-c', 'kill -KILL -1'];
export const signalAllCommand = (signal: 'STOP' | 'CONT'): string[] => [
  '/bin/sh',
  '-c',
  `kill -${signal} -1`,
];

/** A file from its input. */
export const putCommand = (path: string): string[] => {
  const script = 'umask 077; cat > "$0.new" && mv "$0.new" "$0"';
  return ['/bin/sh', '-c', script, path];
};
