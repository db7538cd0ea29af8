/** What the pages of the documentation need of a script: their colours, a search, and a menu that is shut where it would be in the way. */
import { byId } from "./dom.ts";
import { Search } from "./search.ts";
import { useTheme } from "./theme.ts";

useTheme(byId("theme"));
void new Search();
const menu = document.querySelector<HTMLDetailsElement>(".menu details");
if (menu && matchMedia("(max-width: 50em)").matches) menu.open = false;
