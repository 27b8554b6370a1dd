#include "ashlar/runtime/get_client.hpp"

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client_host.hpp"

namespace ashlar {

ClientHost& ClientHost::current() {
  auto* host = dynamic_cast<ClientHost*>(&Evaluator::current());
  if (!host) throw ValueError("there is no job here: get_client and what tasks share need a body of al::run, or one of its tasks");
  return *host;
}

Client& get_client() { return ClientHost::current().client(); }

void secede() { Evaluator::current().secede(); }
void rejoin() { Evaluator::current().rejoin(); }

WorkerContext get_worker() {
  const ClientHost& host = ClientHost::current();
  if (!Evaluator::on_worker()) throw ValueError("get_worker is for tasks: this is not a worker's thread");
  return host.worker();
}

}  // namespace ashlar
