/*
 * The receiver fault matrix: what goes wrong, what Ackstream takes it for, and so what follows. docs/receiver-faults.md shows this table; the
 * tests of this folder strike the first, a middle and the last chunk, and COMPLETED, with each row, and let the receiver heal or stay as it is.
 *
 * All answers of the first table acknowledge the chunk in their body: what decides there is the status alone.
 */
import { gzipSync } from 'node:zlib';
import { BLACKHOLE_ADDRESS, openBlackhole } from './blackhole.ts';
import { CONTEXTS } from './certificates.ts';
import type { Fault, FaultGroup, Struck } from './fault.ts';
import {
  ACKNOWLEDGED,
  leftAlone,
  NEVER_SENT,
  REJECTED,
  REJECTED_FOR_GOOD,
  REWIND_ASKED,
  THROTTLED,
  TOO_LARGE,
  TOO_LARGE_FOR_GOOD,
  UNAVAILABLE,
  UNKNOWN,
} from './taken.ts';
import {
  ackWith,
  answers,
  doesNotResolve,
  drips,
  floods,
  handshake,
  LOSES_A_CHUNK,
  leadsTo,
  PLAIN_HTTP,
  RESETS_AT_FIRST_BYTE,
  RESOLVES_NEVER,
  resets,
  SAYS_NOTHING,
  says,
  writes,
} from './wires.ts';

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
const ZEROS = '0'.repeat(64);
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\n';
const LONG_ANSWER = `${OK}content-length: 999\r\n\r\n`;
/** An acknowledgement to whoever unpacks it, and some kilobytes to who does not. */
const GZIP_BOMB = gzipSync(`{"ack":true}${' '.repeat(32 * MIB)}`);

const stored = { isStored: true };
const gzip = { headers: { 'content-encoding': 'gzip' } };
const redirect = { headers: { location: '/elsewhere' } };
const after = (value: number | string) => ({ headers: { 'retry-after': String(value) } });
const at = (secondsAhead: number) => ({
  headers: ({ now }: Struck) => ({ 'retry-after': new Date(now + secondsAhead * 1000).toUTCString() }),
});

const STATUSES: readonly Fault[] = [
  { name: '200', wire: answers(200, stored), taken: ACKNOWLEDGED },
  { name: '201', wire: answers(201, stored), taken: ACKNOWLEDGED },
  { name: '202', wire: answers(202, stored), taken: ACKNOWLEDGED },
  { name: '204, which has no body', wire: answers(204, stored), taken: UNKNOWN },
  { name: '206', wire: answers(206, stored), taken: ACKNOWLEDGED },
  { name: '100 Continue and no more', wire: writes(CONTINUE), taken: UNKNOWN },
  { name: 'thousands of 103 Early Hints', wire: writes(INTERIM.repeat(2_000), 'keep'), taken: UNKNOWN },
  { name: '301', wire: answers(301, redirect), taken: UNAVAILABLE },
  { name: '302', wire: answers(302, redirect), taken: UNAVAILABLE },
  { name: '303', wire: answers(303, redirect), taken: UNAVAILABLE },
  { name: '307', wire: answers(307, redirect), taken: UNAVAILABLE },
  { name: '308', wire: answers(308, redirect), taken: UNAVAILABLE },
  { name: '400', wire: answers(400), taken: REJECTED },
  { name: '401', wire: answers(401), taken: REJECTED },
  { name: '403', wire: answers(403), taken: REJECTED },
  { name: '404', wire: answers(404), taken: REJECTED },
  { name: '408', wire: answers(408), taken: UNAVAILABLE },
  {
    name: '409, `expected_chunk`: the one before',
    wire: LOSES_A_CHUNK,
    taken: REWIND_ASKED,
    takenAt: { first: REJECTED },
  },
  { name: '410', wire: answers(410), taken: REJECTED_FOR_GOOD },
  { name: '413', wire: answers(413), taken: TOO_LARGE, takenAt: { COMPLETED: TOO_LARGE_FOR_GOOD } },
  { name: '422', wire: answers(422), taken: REJECTED },
  { name: '425', wire: answers(425), taken: UNAVAILABLE },
  { name: '429', wire: answers(429), taken: THROTTLED },
  { name: '429, `Retry-After: 120`', wire: answers(429, after(120)), taken: leftAlone(THROTTLED, 120_000) },
  {
    name: '429, `Retry-After`: a date in 2 min',
    wire: answers(429, at(120)),
    taken: leftAlone(THROTTLED, 119_001, 120_000),
  },
  { name: '429, `Retry-After: -5`', wire: answers(429, after(-5)), taken: THROTTLED },
  { name: '429, `Retry-After: soon`', wire: answers(429, after('soon')), taken: THROTTLED },
  {
    name: '429, `Retry-After`: ten years',
    wire: answers(429, after(315_360_000)),
    taken: leftAlone(THROTTLED, HOUR_MS),
  },
  { name: '500', wire: answers(500, stored), taken: UNAVAILABLE },
  { name: '502', wire: answers(502, stored), taken: UNAVAILABLE },
  { name: '503, `Retry-After: 120`', wire: answers(503, after(120)), taken: leftAlone(UNAVAILABLE, 120_000) },
  { name: '504', wire: answers(504, stored), taken: UNAVAILABLE },
  { name: '599', wire: answers(599, stored), taken: UNAVAILABLE },
  { name: '999', wire: answers(999), taken: UNAVAILABLE },
];

const CONNECTIONS: readonly Fault[] = [
  { name: 'refused', wire: leadsTo('127.0.0.2'), taken: NEVER_SENT },
  {
    name: 'no answer to SYN',
    wire: leadsTo(BLACKHOLE_ADDRESS, { isSlow: true, prepare: openBlackhole }),
    taken: NEVER_SENT,
  },
  { name: 'the name does not exist', wire: doesNotResolve('ENOTFOUND'), taken: NEVER_SENT },
  { name: 'the resolver does not answer', wire: RESOLVES_NEVER, taken: NEVER_SENT },
  { name: 'TLS: no answer to the handshake', wire: SAYS_NOTHING, taken: NEVER_SENT },
  { name: "TLS: another host's certificate", wire: handshake(CONTEXTS.wrongHost), taken: NEVER_SENT },
  { name: 'TLS: an expired certificate', wire: handshake(CONTEXTS.expired), taken: NEVER_SENT },
  { name: 'reset before the answer', wire: resets({ isStored: false }), taken: UNKNOWN },
  { name: 'reset within the request', wire: RESETS_AT_FIRST_BYTE, taken: UNKNOWN },
  { name: 'reset when it was stored: the ack is lost', wire: resets(stored), taken: UNKNOWN },
  { name: 'closed within the answer', wire: writes(`${LONG_ANSWER}{"ack":true}`, 'end'), taken: UNKNOWN },
  { name: 'half closed without an answer', wire: writes('', 'end'), taken: UNKNOWN },
  { name: 'kept alive, and reset as the next request leaves', wire: { at: 'idle', isSlow: false }, taken: UNKNOWN },
  { name: 'headers that never end', wire: drips(OK, 'x: y\r\n'), taken: UNKNOWN },
  { name: 'a header of 1 MB', wire: writes(`${OK}x: ${'y'.repeat(MIB)}\r\n\r\n{"ack":true}`), taken: UNKNOWN },
  { name: 'HTTP/0.9: a bare body', wire: writes('{"ack":true}', 'end'), taken: UNKNOWN },
];

const BODIES: readonly Fault[] = [
  { name: 'empty', wire: says(() => ''), taken: UNKNOWN },
  { name: 'HTML', wire: says(() => '<html>OK</html>'), taken: UNKNOWN },
  { name: 'the ack in an array', wire: says(({ ack }) => `[${ack}]`), taken: UNKNOWN },
  { name: 'the ack of the chunk before', wire: says(ackWith({ chunksOff: -1 })), taken: UNKNOWN },
  {
    name: 'an ack with another checksum, which nobody asked for',
    wire: says(ackWith({ checksum: ZEROS })),
    taken: ACKNOWLEDGED,
  },
  { name: 'the ack of another ingestion', wire: says(ackWith({ ingestion_id: ZEROS })), taken: UNKNOWN },
  { name: 'the ack of a chunk to come', wire: says(ackWith({ chunksOff: 1 })), taken: UNKNOWN },
  { name: 'an ack marked as `duplicate`', wire: says(ackWith({ duplicate: true })), taken: ACKNOWLEDGED },
  { name: 'an ack, and more behind it', wire: says(({ ack }) => `${ack}x`), taken: UNKNOWN },
  { name: 'an ack behind a BOM', wire: says(({ ack }) => `\ufeff${ack}`), taken: ACKNOWLEDGED },
  { name: '1 GB', wire: floods(`${OK}content-length: 1000000000\r\n\r\n`, ' '.repeat(16_384)), taken: UNKNOWN },
  { name: 'an ack that drips, byte by byte', wire: drips(LONG_ANSWER, ' '), taken: UNKNOWN },
  { name: 'a gzip bomb', wire: says(() => GZIP_BOMB, gzip), taken: UNKNOWN },
  {
    name: 'an ack that is longer than `Content-Length`',
    wire: says(({ ack }) => ack, { headers: { 'content-length': '5' } }),
    taken: UNKNOWN,
  },
];

/** Beyond the 64 that are to be expected of the world. */
const MORE: readonly Fault[] = [
  { name: 'TLS: a self-signed certificate', wire: handshake(CONTEXTS.selfSigned), taken: NEVER_SENT },
  { name: 'TLS: a certificate of an unknown authority', wire: handshake(CONTEXTS.unknownAuthority), taken: NEVER_SENT },
  { name: 'TLS: 1.1 at most', wire: handshake(CONTEXTS.outdated), taken: NEVER_SENT },
  { name: 'TLS: plain HTTP on an `https` URL', wire: PLAIN_HTTP, taken: NEVER_SENT },
  { name: '409 that names no chunk', wire: answers(409), taken: REJECTED },
  {
    name: '200 with `ack: false`',
    wire: says(() => '{"ack":false,"error":"no"}', { isStored: false }),
    taken: REJECTED,
  },
  { name: 'an ack that calls itself gzip', wire: says(({ ack }) => ack, gzip), taken: UNKNOWN },
  { name: '503, `Retry-After: 0`', wire: answers(503, after(0)), taken: UNAVAILABLE },
  { name: '503, `Retry-After`: a date in the past', wire: answers(503, at(-60)), taken: UNAVAILABLE },
  {
    name: 'the ack in chunks that do not end',
    wire: writes(`${OK}transfer-encoding: chunked\r\n\r\nc\r\n{"ack":true}\r\n`, 'end'),
    taken: UNKNOWN,
  },
];

/** The matrix, in the order in which it is shown. */
export const FAULT_GROUPS = {
  statuses: { title: 'Status', faults: STATUSES },
  connections: { title: 'Connection', faults: CONNECTIONS },
  bodies: { title: 'Body of a 200', faults: BODIES },
  more: { title: 'More', faults: MORE },
} as const satisfies Record<string, FaultGroup>;
