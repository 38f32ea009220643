/** What nobody changes: where it is reached, and that nothing of it is left outside of its folder. */
export function argumentsOf(data: string, port: number): readonly string[] {
  const fixed = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
  };
  return ['-D', data, ...Object.entries(fixed).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
