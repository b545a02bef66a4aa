// SPDX-License-Identifier: Apache-2.0
// What agents written for Node do: synchronous and asynchronous files, child processes, worker threads. argv[2]: what is held.
const fs = require('fs');
const { execFileSync, spawn } = require('child_process');
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');

function child(path) {
	return new Promise((done) => {
		const process = spawn('cat', [path]);
		let text = '';
		process.stdout.on('data', (data) => { text += data; });
		process.on('close', (code) => done(`${code} ${text.trim()}`));
	});
}

function worker(path) {
	return new Promise((done, failed) => {
		const w = new Worker(__filename, { workerData: path });
		w.on('message', done);
		w.on('error', failed);
	});
}

async function main(held) {
	console.log('main', fs.readFileSync(`${held}/js-main`, 'ascii').trim());
	console.log('pool', (await fs.promises.readFile(`${held}/js-pool`, 'ascii')).trim());
	console.log('execFile', execFileSync('cat', [`${held}/js-exec`]).toString().trim());
	console.log('spawn', await Promise.all([child(`${held}/js-spawn-0`), child(`${held}/js-spawn-1`)]));
	console.log('workers', await Promise.all([worker(`${held}/js-worker-0`), worker(`${held}/js-worker-1`)]));
}

if (isMainThread)
	main(process.argv[2]);
else
	parentPort.postMessage(fs.readFileSync(workerData, 'ascii').trim());
