/**
 * A terminal in a page, for interactive guests: xterm.js, and `xterm-pty` between it and them.
 *
 * @module
 */
export { InterruptedError, openTerminal, type TerminalSide, type TerminalStreams } from "./hosts/web/terminal.ts";
