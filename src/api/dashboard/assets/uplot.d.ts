/** The service serves the library beside these files. */
// oxlint-disable-next-line import/no-default-export -- the library has no other
export { default } from 'uplot';
