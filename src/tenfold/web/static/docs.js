// Shows /openapi.json; the token typed into "Authorize" stays in this tab.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    defaultModelExpandDepth: 2,
    filter: true,
    tryItOutEnabled: false,
    displayRequestDuration: true,
    // The badge of an outside service would send the document's address there.
    validatorUrl: null,
  });
});
