/* Requests of ichat.call.v2: any bytes as a frame. What is read must also make a refusal that is JSON again. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "call/v2_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct v2_request request; /* large; the decoder fills all that it reads */
    char error[CALL_ERROR_TEXT_MAX] = "";
    enum call_error code = v2_msg_decode((const char *)data, size, &request, error);
    char *text = v2_msg_refusal(request.req, request.type_name, code, error);
    json_t *json = json_loads(text, 0, NULL);
    if (!json)
        abort();
    json_decref(json);
    free(text);
    v2_msg_clear(&request);
    return 0;
}
