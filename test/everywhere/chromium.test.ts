/** What is tried in Chromium. */
import { chromium } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";

inBrowser(chromium);
