import { topic } from 'keelson/messaging';

/** What processes tell the dashboard of themselves. It is worth nothing when the next one is there. */
export const frames = topic('ops.frames');

/** What is told of orders. Those of one order stay in order. */
export const ended = {
  completed: topic('orders.completed', { key: order => order.id }),
  undone: topic('orders.undone', { key: order => order.id }),
};
