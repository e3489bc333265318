/* Why a request of a call session was refused: the codes of docs/protocol.md section 2. */
#ifndef ICHAT_CALL_ERRORS_H
#define ICHAT_CALL_ERRORS_H

enum call_error {
    CALL_ERR_NONE = 0,
    CALL_ERR_BAD_MESSAGE,
    CALL_ERR_UNKNOWN_TYPE,
    CALL_ERR_UNAUTHORIZED,
    CALL_ERR_CALL_ENDED,
    CALL_ERR_NOT_JOINED,
    CALL_ERR_ALREADY_JOINED,
    CALL_ERR_BAD_SDP,
    CALL_ERR_BAD_STATE,
    CALL_ERR_NO_SUCH_TRACK,
    CALL_ERR_NOT_ALLOWED,
    CALL_ERR_TOO_MANY_TRACKS,
    CALL_ERR_CALL_FULL,
    CALL_ERR_BUSY,
    CALL_ERR_INTERNAL,
};

#define CALL_ERROR_TEXT_MAX 256 /* bytes of the sentence beside the code */

#endif
