#!/usr/bin/env node
import { runCommand } from '../dist/adapters/cli/command.js';

const code = await runCommand(process);
// What was cut off may keep the process, as a request to an upstream does.
process.stdout.write('', () => process.exit(code));
