// A Backstage backend with nothing but the catalogue, for the tour. `npm install --ignore-scripts`, an empty PostgreSQL, and
// `node index.js --config app-config.yaml` with the variables that the config names.
const { createBackend } = require('@backstage/backend-defaults');

const backend = createBackend();
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-catalog-backend-module-unprocessed'));
backend.add(import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.start();
