import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';
import { onTestFinished } from 'vitest';
import type { ResolveName } from '../../src/egress/resolve-name.ts';

/** The types of records that are asked for and answered (RFC 1035 section 3.2.2, RFC 3596). */
const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
/** It is an answer, by whoever is asked, recursion was wished for and is there. */
const ANSWER_FLAGS = 0x8580;
const CODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const;
/** How long an answer is waited for: for ever to a test, unless it is one of silence. */
const RESOLVE_TIMEOUT_MS = 10_000;

/** One record of an answer. */
export interface DnsRecord {
  readonly type: keyof typeof TYPES;
  /** An address, or of CNAME a name. */
  readonly value: string;
  /** Default: the name that was asked for. */
  readonly name?: string;
  /** Seconds; default 0: not to be kept. */
  readonly ttl?: number;
}

/** What is answered to one question: records (none: the name has none of that type), an error, or nothing at all. */
export type DnsAnswer = readonly DnsRecord[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence';

/** One question that came in. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: 'A' | 'AAAA';
  /** How often the same was asked before. */
  readonly index: number;
}

/** A name server on a port of loopback, and how to ask it. */
export interface DnsServer {
  /** By A and AAAA; rejects where both fail or give nothing. */
  readonly resolve: ResolveName;
  /** All questions, in the order in which they came. */
  readonly questions: readonly DnsQuestion[];
}

/** Starts a name server that answers by a script; it is closed when the test has finished. */
export async function startDnsServer(
  script: (question: DnsQuestion) => DnsAnswer,
  { timeoutMs = RESOLVE_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<DnsServer> {
  const questions: DnsQuestion[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, typeCode, end } = readQuestion(query);
    const type = typeCode === TYPES.AAAA ? 'AAAA' : 'A';
    const index = questions.filter((earlier) => earlier.name === name && earlier.type === type).length;
    const question = { name, type, index } as const;
    questions.push(question);
    const answer = script(question);
    if (answer !== 'silence') socket.send(encodeAnswer(query.subarray(0, end), name, answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  onTestFinished(() => {
    resolver.cancel();
    socket.close();
  });
  return { questions, resolve: (hostname) => resolveBoth(resolver, hostname) };
}

async function resolveBoth(resolver: Resolver, hostname: string): ReturnType<ResolveName> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
  return [
    ...(four.status === 'fulfilled' ? four.value : []).map((address) => ({ address, family: 4 })),
    ...(six.status === 'fulfilled' ? six.value : []).map((address) => ({ address, family: 6 })),
  ];
}

/** The first question of a query, and where it ends; names in questions are never compressed. */
function readQuestion(query: Buffer): { name: string; typeCode: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), typeCode: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeAnswer(question: Buffer, name: string, answer: Exclude<DnsAnswer, 'silence'>): Buffer {
  const records = typeof answer === 'string' ? [] : answer;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.readUInt16BE(0), 0);
  header.writeUInt16BE(ANSWER_FLAGS | CODES[typeof answer === 'string' ? answer : 'NOERROR'], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([
    header,
    question.subarray(HEADER_BYTES),
    ...records.map((record) => encodeRecord(name, record)),
  ]);
}

function encodeRecord(asked: string, { type, value, name = asked, ttl = 0 }: DnsRecord): Buffer {
  const content = type === 'CNAME' ? encodeName(value) : Buffer.from(ipaddr.parse(value).toByteArray());
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(content.length, 8);
  return Buffer.concat([encodeName(name), fixed, content]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.of(0)]);
}
