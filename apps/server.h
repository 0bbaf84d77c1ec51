// What all servers do alike: --host and --port, the page, the word that all is ready.
#ifndef VIV_APPS_SERVER_H_
#define VIV_APPS_SERVER_H_

#include "core/serving/model_server.h"

namespace viv {

// What is at --host and --port; requests with larger bodies are refused.
HttpServerOptions HttpOfFlags(int max_body_mb);

// Starts, with the program's page at /, and serves until a signal comes. Returns the exit code.
int Serve(ModelServer& server);

}  // namespace viv

#endif  // VIV_APPS_SERVER_H_
