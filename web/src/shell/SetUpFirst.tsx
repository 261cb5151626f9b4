// A fresh server waits to be claimed: until then there is only the set-up page.
import { lazy, Suspense, useState, type ReactNode } from "react";
import { useCall } from "../api/hooks";
import { Loading } from "../components/controls";

const SetUp = lazy(() => import("../pages/setup/SetUp"));

export function SetUpFirst({ children }: { children: ReactNode }) {
  const [claimed, setClaimed] = useState(false);
  const { data, isPending } = useCall("getSetupState", {}, { staleTime: Infinity, enabled: !claimed });
  if (isPending) return <Loading />;
  if (data && !data.completed && !claimed) return <Suspense fallback={<Loading />}><SetUp networks={data.interface_networks} onClaimed={() => setClaimed(true)} /></Suspense>;
  return <>{children}</>;
}
