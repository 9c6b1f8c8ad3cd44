/** The version of this software, equal to package.json's. */
export const VERSION = '0.1.0';
