/** Put in by the build, as texts: see `scripts/dashboard-page.mjs`. */
declare const KEELSON_DASHBOARD_HTML: string;
declare const KEELSON_DASHBOARD_POLICY: string;
declare const KEELSON_DASHBOARD_ETAG: string;

const unbuilt =
  '<!doctype html><html lang="en"><title>Dashboard</title><p>The page was not built.</p></html>';

/** The page: all of it in one text. Where the sources run without a build, it says so. */
export const pageHtml: string = typeof KEELSON_DASHBOARD_HTML === 'string' ? KEELSON_DASHBOARD_HTML : unbuilt;

/** Its `Content-Security-Policy`, which allows its own script and style and nothing else. */
export const pagePolicy: string =
  typeof KEELSON_DASHBOARD_POLICY === 'string'
    ? KEELSON_DASHBOARD_POLICY
    : "default-src 'none'; frame-ancestors 'none'";

/** Its `ETag`. */
export const pageEtag: string =
  typeof KEELSON_DASHBOARD_ETAG === 'string' ? KEELSON_DASHBOARD_ETAG : '"unbuilt"';
