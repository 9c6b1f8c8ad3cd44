/** Numbers and times as the reader's locale and zone have them. */
import { h } from './dom.js';

const integers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const threeDigits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const absoluteTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

const DAY_MS = 86_400_000;

/**
 * @param {number} value
 * @returns {string}
 */
export function count(value) {
  return integers.format(value);
}

/**
 * A number with its noun: `1 record`, `12,000 records`.
 * @param {number} value
 * @param {string} noun
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** @param {number} value a rate or a share; small ones with a decimal */
export function rate(value) {
  return (value < 100 ? tenths : integers).format(value);
}

/** @param {number} value in bytes or megabytes, as the command line has it */
export function bytes(value) {
  return value < 10_000 ? counted(value, 'byte') : `${threeDigits.format(value / 1_000_000)} MB`;
}

/**
 * A span of time by its two greatest units.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** @param {number} ms */
export function milliseconds(ms) {
  return ms < 10_000 ? `${count(ms)} ms` : duration(ms / 1000);
}

/**
 * A point in time in the reader's zone; its title says it in full.
 * @param {string} iso
 * @param {number} now
 */
export function time(iso, now) {
  const date = new Date(iso);
  const text = Math.abs(now - date.getTime()) < DAY_MS / 2 ? clockTime.format(date) : dayTime.format(date);
  return timeElement(iso, text);
}

/**
 * @param {string} iso
 * @param {string} text
 */
function timeElement(iso, text) {
  return h('time', { datetime: iso, title: absoluteTime.format(new Date(iso)) }, text);
}

/** A time as the service writes it into texts. */
const WRITTEN_TIME = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/**
 * What the service says, with its times as {@link time} has them.
 * @param {string} text
 * @param {number} now
 */
export function withTimes(text, now) {
  return text.split(WRITTEN_TIME).map((part, index) => (index % 2 === 1 ? time(part, now) : part));
}

/** @param {string} text {@link withTimes}, where there is room for text alone */
export function withFullTimes(text) {
  return text.replaceAll(new RegExp(WRITTEN_TIME, 'g'), (iso) => absoluteTime.format(new Date(iso)));
}

/** @param {number} seconds what lies long back is of interest by its greatest unit alone */
function roughly(seconds) {
  return duration(seconds).split(' ').slice(0, 2).join(' ');
}

/**
 * How far a point in time is away: `3 min ago`, `in 12 s`.
 * @param {string} iso
 * @param {number} now
 */
export function distance(iso, now) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const text = seconds > 0 ? `in ${duration(seconds)}` : seconds > -2 ? 'just now' : `${roughly(-seconds)} ago`;
  return timeElement(iso, text);
}

/**
 * {@link distance} of what is to come: once its time has come, it is due.
 * @param {string} iso
 * @param {number} now
 */
export function upcoming(iso, now) {
  return Date.parse(iso) - now > 500 ? distance(iso, now) : timeElement(iso, 'is due');
}

/** @param {number} seconds since 1970: the time of day */
export function clock(seconds) {
  return clockTime.format(new Date(seconds * 1000));
}

/** @param {string} path a file's name without its folders */
export function fileName(path) {
  return path.slice(path.search(/[^/\\]*$/)) || path;
}

/**
 * A file's path without the folders that it shares with what was asked for, a folder or a pattern: what tells it from others of its name.
 * @param {string} path
 * @param {string} asked
 */
export function pathBelow(path, asked) {
  const names = path.split('/');
  const folders = asked.split('/');
  const first = names.findIndex((name, index) => name !== folders[index]);
  return first < 0 ? fileName(path) : names.slice(first).join('/');
}
