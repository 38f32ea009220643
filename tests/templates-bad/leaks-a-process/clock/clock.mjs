import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

// It is a session of its own, elsewhere: nothing that ends the program ends it.
spawn('sleep', ['120'], { cwd: '/', detached: true, stdio: 'ignore' }).unref();
createServer((_, response) => response.end(new Date().toISOString())).listen(Number(process.env.PORT));
