/** The playground. */
import { byId } from "./dom.ts";
import { Playground } from "./playground.ts";
import { useTheme } from "./theme.ts";

const playground = new Playground();
useTheme(byId("theme"), () => playground.repaint());
await playground.open();
