/** A menu whose options are done as they are chosen. */

/** What opens a menu, whose choice then counts at once. */
const OPENS = new Set([" ", "Enter", "F4"]);

/**
 * Calls `act` with what is chosen, and has the menu show its first option again. Who goes through a menu that is not open, by arrow
 * keys or by letters, comes past others: there Enter says which.
 */
export function onChosen(menu: HTMLElement, act: (value: string) => void): void {
  let isPassing = false;
  const choose = (): void => {
    if (!(menu instanceof HTMLSelectElement) || menu.value === "") return;
    const { value } = menu;
    menu.value = "";
    act(value);
  };
  menu.addEventListener("pointerdown", () => (isPassing = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && isPassing) {
      event.preventDefault();
      choose();
    }
    isPassing = !OPENS.has(event.key) && !event.altKey;
  });
  menu.addEventListener("change", () => {
    if (!isPassing) choose();
  });
}
