export type { DashboardActionName } from './observe/dashboard/action-names.js';
export { Dashboard, type DashboardSnapshot, dashboard } from './observe/dashboard/dashboard.js';
export type { DashboardEvents } from './observe/dashboard/dashboard-events.js';
export { DashboardFeed, type DashboardFeedOptions } from './observe/dashboard/dashboard-feed.js';
export type {
  DashboardAction,
  DashboardIdentity,
  DashboardOptions,
} from './observe/dashboard/dashboard-options.js';
export type { DashboardRequest } from './observe/dashboard/dashboard-request.js';
export type { DashboardGauge } from './observe/dashboard/gauge-board.js';
export type { DashboardFrame, FrameEvent, FrameThing } from './observe/dashboard/remote-services.js';
