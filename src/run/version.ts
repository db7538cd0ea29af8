/** Of this package: as in package.json, which is not at hand everywhere. */
export const VERSION = "0.1.0";
