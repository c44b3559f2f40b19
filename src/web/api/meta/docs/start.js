// Shows the OpenAPI document, `DOCUMENT`, which stands before this. Nothing can be called from the page: its policy lets
// no script speak to a server. So there is nothing to sign in to either.
SwaggerUIBundle({
  spec: DOCUMENT,
  dom_id: "#operations",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  supportedSubmitMethods: [],
  validatorUrl: null,
  plugins: [
    () => ({
      wrapComponents: {
        authorizeBtn: () => () => null,
        authorizeOperationBtn: () => () => null,
      },
    }),
  ],
});
