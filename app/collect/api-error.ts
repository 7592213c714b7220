/** Failures of the server as OpenAI's API has them: a status, and `{"error": {"message", "type", "param", "code"}}`. */

const types = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
} as const

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: keyof typeof types
  readonly code: string
  readonly param: string | null
  constructor(status: keyof typeof types, code: string, message: string, param: string | null = null) {
    super(message)
    this.status = status
    this.code = code
    this.param = param
  }
}

export const errorBody = ({ status, code, param, message }: ApiError) => ({ error: { message, type: types[status], param, code } })

/** What a field of a request should have been. */
export const invalid = (field: string, expected: string, found: unknown): ApiError =>
  new ApiError(
    400,
    found === undefined ? 'missing_required_parameter' : 'invalid_value',
    `${field}: expected ${expected}, found ${found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 100)}`,
    field,
  )
