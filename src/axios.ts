export {
  type AxiosAdapterOptions,
  type AxiosRequest,
  axiosAdapter,
  axiosVerdict,
} from './adapters/axios/axios-adapter.js';
