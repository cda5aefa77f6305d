export { type AsyncMethod, guardedBy, type PolicyDecorator } from './adapters/nestjs/guarded-by.js';
export {
  type PoliciesModule,
  type PoliciesModuleOptions,
  type PolicyProvider,
  policiesModule,
  policyToken,
} from './adapters/nestjs/policies-module.js';
