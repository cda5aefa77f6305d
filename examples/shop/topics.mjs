import { topic } from 'keelson/messaging';

/** What is told of orders. Those of one order stay in order. */
export const ended = {
  completed: topic('orders.completed', { key: order => order.id }),
  undone: topic('orders.undone', { key: order => order.id }),
};
