// Writes into the page what the guests gave, or why there is nothing.
const results = document.querySelector("#results");
try {
  const { play } = await import("./play.js");
  results.textContent = JSON.stringify({ is: "played", ...(await play()) });
} catch (error) {
  results.textContent = JSON.stringify({ is: "failed", error: error instanceof Error ? error.stack : "no Error" });
}
results.dataset.done = "yes";
