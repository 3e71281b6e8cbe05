// A device on firebase-js-sdk alone, in a process of its own; run by `benchmarks`, where npm is there.
//
//     node js_device.cjs FOLDER      the folder has node_modules/firebase
//
// It answers like tests/support/child.py's `serve`: asked on standard input, JSON lines on standard output. It
// writes the same fields as Dal Segno, signed in as the same user, under the same rules. Its SDK knows no
// precondition on the time of a document, so this commit goes without one.
"use strict";

const { createRequire } = require("node:module");
const { join } = require("node:path");
const { randomBytes } = require("node:crypto");
const { createInterface } = require("node:readline");
const { setTimeout: sleep } = require("node:timers/promises");

const installed = createRequire(join(process.argv[2], "package.json"));
const { initializeApp } = installed("firebase/app");
const firestore = installed("firebase/firestore");
const { doc, increment, onSnapshot, serverTimestamp, setDoc, updateDoc } = firestore;

const device = randomBytes(8).toString("hex");
const signedInS = parseInt(device.slice(0, 8), 16); // each device under a sign-in of its own
let database;
let firsts = 0;

const nowNs = () => Number(process.hrtime.bigint()); // the system's steady clock, as Python's monotonic_ns
const say = (said) => process.stdout.write(JSON.stringify(said) + "\n");
const session = (name) => doc(database, "users", "alice", "sessions", name);

function fields(place, serial) {
  const nowMs = Date.now();
  const stamp = `${String(nowMs).padStart(15, "0")}-00000-${device}`;
  return {
    state: { place, furthest: serial / 1e6 },
    stamps: { place: stamp, furthest: stamp },
    basis: { place: 0, furthest: 0 },
    rest: { hlc: nowMs, device, rev: increment(1), at: serverTimestamp() },
  };
}

const device_ = {
  async start({ project, host }) {
    const [name, port] = host.split(":");
    database = firestore.initializeFirestore(initializeApp({ projectId: project }), {});
    firestore.connectFirestoreEmulator(database, name, Number(port), {
      mockUserToken: { sub: "alice", auth_time: signedInS },
    });
    const signIn = doc(database, "users", "alice", "signins", String(signedInS));
    await setDoc(signIn, { devices: { [device]: true }, at: serverTimestamp() }, { merge: true });
  },

  async create({ sessions, place }) {
    for (const name of sessions) {
      const { rest, ...parts } = fields(place, 1);
      await setDoc(session(name), { schema: "reading/1", holder: null, ...parts, ...rest });
    }
  },

  async listen({ sessions }) {
    for (const name of sessions) {
      onSnapshot(session(name), (snapshot) => {
        const atNs = nowNs();
        firsts += 1;
        if (!snapshot.metadata.hasPendingWrites) {
          say({ heard: snapshot.get("state.place.locations.position"), at_ns: atNs });
        }
      });
    }
  },

  async firsts() {
    return firsts;
  },

  // One page turn; gives when `updateDoc` was called and when it returned, nanoseconds.
  async update({ session: name, serial, place, rest_s: restS }) {
    const reference = session(name);
    const before = nowNs();
    const { rest, ...parts } = fields(place, serial);
    const flat = { ...rest };
    for (const [part, both] of Object.entries(parts)) {
      for (const [field, value] of Object.entries(both)) flat[`${part}.${field}`] = value;
    }
    const done = updateDoc(reference, flat);
    const after = nowNs();
    await done;
    await sleep(1000 * restS);
    return [before, after];
  },
};

async function serve() {
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    try {
      say({ number: asked.number, result: (await device_[asked.do](asked.with)) ?? null });
    } catch (error) {
      say({ number: asked.number, error: [error.name, String(error.message)] });
    }
  }
}

firestore.setLogLevel("error");
serve().then(() => process.exit(0));
