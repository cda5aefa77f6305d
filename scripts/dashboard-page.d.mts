/** The page, the policy that it is sent with, and its ETag. */
export function dashboardPage(): Promise<{
  readonly html: string;
  readonly policy: string;
  readonly etag: string;
}>;

/** For the `define` of a bundler. */
export function dashboardDefine(): Promise<Record<string, string>>;
