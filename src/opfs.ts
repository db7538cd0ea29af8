/**
 * The files of a page's origin (OPFS), and of directories that its user has picked, for guests.
 *
 * @module
 */
export { HandleFiles } from "./hosts/web/files/handle-files.ts";
