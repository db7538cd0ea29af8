/** What is tried in Firefox; the playground too, which is played in Chromium by test/site/playground.test.ts. */
import { playgroundIn } from "../site/playground-in-browser.ts";
import { firefox } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";

inBrowser(firefox, playgroundIn);
