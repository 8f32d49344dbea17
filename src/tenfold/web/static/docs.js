// Dark where the system is.
const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
shade();
dark.addEventListener("change", shade);

// Shows the part of the document that the address names. The token typed into "Authorize" stays
// in this tab, for the other parts too.
window.addEventListener("load", () => {
  const ui = SwaggerUIBundle({
    url: `${location.pathname}.json`,
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    defaultModelExpandDepth: 2,
    tryItOutEnabled: false,
    displayRequestDuration: true,
    // The badge of an outside service would send the document's address there.
    validatorUrl: null,
    onComplete: () => {
      const token = sessionStorage.getItem("docs-token");
      if (token) ui.preauthorizeApiKey("bearer", token);
    },
  });
  window.addEventListener("pagehide", () => {
    const token = ui.authSelectors.authorized().getIn(["bearer", "value"]);
    sessionStorage.setItem("docs-token", token ?? "");
  });
});
