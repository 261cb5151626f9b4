//! The register: one line per operation. REST, GraphQL, the OpenAPI document and `postamt call` are made from it.

use model::account::{
    Account, Admin, CreateAccount, Names, PurgeAccount, RenameAccount, ReplaceAliases, ReplaceRights, ReplaceTelnums, RestoreAccount, Rights, RightsCatalogue, SetPassword, SuspendAccount, Telnum, TelnumRef, UpdateAccount,
};
use model::address_list::{AddressList, AddressTest, ReplaceAddressList};
use model::auth::{Login, Principal, Refresh, Session, Tokens};
use model::call::{CallRecord, CallRef, CallTrace, ExportCdr, ListCallRecords, ListCdr, StartCall, TraceCall};
use model::certificate::{Certificate, ImportCertificate};
use model::dataset::{Dataset, DatasetRef, ReplaceDataset};
use model::dns_check::{DnsCheck, RunDnsCheck};
use model::domain::{CreateDomain, Domain, DomainAliases, DomainSettingsPatch, RenameDomain, ReplaceDomainAliases, UpdateDomain};
use model::forwarder::{CreateForwarder, Forwarder, RenameForwarder, UpdateForwarder};
use model::group::{CreateGroup, Group, GroupMembers, Members, RenameGroup, UpdateGroup};
use model::im::{Conversation, ConversationRef, ImMessage, ListConversations, ListImMessages, MarkRead, Marked, SendIm};
use model::listener::{CreateListener, Listener, UpdateListener};
use model::mail_trace::{MailTrace, SearchMailTrace};
use model::mailbox::{CreateMailbox, Mailbox, UpdateMailbox};
use model::media::{CallStream, CaptureMedia, ListMediaStreams, MediaCapture, MediaReport, MediaStats};
use model::network::{DetectedLan, FirewallCheck, Lan, MediaPorts, UpdateLan, UpdateMediaPorts};
use model::message::{BulkDone, BulkMessages, Headers, Message, SearchMessages, Stored, UpdateMessage};
use model::presence::{AccountPresence, ListSubscriptions, SetPresence, SipSubscription};
use model::queue::{Accepted, Queue, QueueAction, QueueSummary, SubmitRawMessage, TransitMessage};
use model::registration::{ListRegistrations, Registration, RegistrationPinged, RemoveRegistrations, Removed};
use model::roster::{AddBuddy, ApproveSubscription, Buddy, BuddyRef, ListRoster, UpdateBuddy};
use model::routing::{
    ExplainRequest, Explanation, MoveRoutingLine, NewRoutingLine, RollbackRouting, RoutingConfirmation, RoutingConfirmationRef, RoutingHit, RoutingLine, RoutingTable, RoutingTableInput, RoutingValidation, RoutingVersion, UpdateRoutingLine,
};
use model::rule::{
    AccountRuleRef, AccountRules, CreateAccountRule, CreateDomainRule, CreateServerRule, DomainRuleRef, DomainRules, ReorderAccountRules, ReorderDomainRules, ReorderServerRules, ReplaceAccountRules,
    ReplaceDomainRules, ReplaceServerRules, ServerRuleRef, ServerRules, SignalRule, SignalRules, SignalRulesReviewed, SignalRulesTested, TestSignalRules, UpdateAccountRule, UpdateDomainRule, UpdateServerRule,
};
use model::check::ServerChecks;
use model::server::{ErrorCodes, EventTypes, Modules, RenameMainDomain, Server, ServerSettingsPatch, SettingsCatalogue, UpdateModule, UpdateServer, Version};
use model::settings::{SettingsChange, SettingsView};
use model::sip::{BanRef, ListTransactions, SipBan, SipStats, SipTransaction, TargetHealth, TransactionRef};
use model::setup::{CompleteSetup, SetupDone, SetupState};
use model::submission::{CreateDraft, CreateUpload, ReplaceDraft, SendMessage, Submission, Upload};
use model::trend::{GetTrends, Trends};
use model::{ListParams, Page};

use crate::account::{AccountRef, AliasRef, ListDomainAccounts, UpdateAccountSettings};
use crate::address_list::{ListRef, TestAddress};
use crate::dns::UpdateDnsSettings;
use crate::defaults::UpdateDomainAccountDefaults;
use crate::dialler::UpdateDialler;
use crate::directory::{FindTelnum, ListAccounts};
use crate::domain::{DomainAliasRef, DomainRef, UpdateDomainSettings};
use crate::forwarder::{ForwarderRef, ListOfDomain};
use crate::group::{GroupRef, MemberRef};
use crate::listener::ListenerRef;
use crate::mail_trace::TraceRef;
use crate::mailbox::{DeleteMailbox, MailboxRef};
use crate::message::api::{DeleteMessage, ImportMessage, MessageRef, RawMessage};
use crate::message::find::ListMessages;
use crate::message::file::{FileContent, PartRef};
use crate::modules::ModuleRef;
use crate::registration::RegistrationRef;
use crate::session::SessionRef;
use crate::submission::{ListSubmissions, SubmissionRef};
use crate::upload::BlobRef;
use crate::routing_table::{LineRef, UpdateRouterSettings};
use crate::transit::{ListQueues, ListTransit, MessageAction, QueueRef, RedirectMessage, RejectByFilter, RejectMessage, RejectQueue, TransitRef};
use crate::operation::{Access, Access::*, Gives::*, Method, Method::*, Nothing, Operation, Shape, read, write};
use crate::Service;

macro_rules! operations {
    ($($tag:literal { $($id:ident $method:ident $path:literal $status:literal $access:expr, $function:ident ($input:ty) $(-> $output:ty)?, $summary:literal $(, $flag:ident = $value:expr)*;)* })*) => {
        /// Every operation there is.
        pub static ALL: &[Operation] = &[$($(
            #[allow(unused_mut, reason = "an operation without a result sets no shape of it")]
            {
                const ACCESS: Access = $access;
                const METHOD: Method = $method;
                let mut operation = Operation::new(stringify!($id), METHOD, $path, $status, ACCESS, $summary, |service, call, input| {
                    Box::pin(async move { write(Service::$function(service, call, read::<$input>(input)?).await?) })
                });
                operation.tag = $tag;
                operation.input = Shape::of::<$input>;
                $(operation.output = Some(Shape::of::<$output>);)?
                $(operation.$flag = $value;)*
                operation
            }
        ),*),*];
    };
}

operations! {
    "setup" {
        getSetupState Get "/setup" 200 Public, get_setup_state(Nothing) -> SetupState, "Tells whether the server waits to be claimed";
        completeSetup Post "/setup" 201 Public, complete_setup(CompleteSetup) -> SetupDone, "Claims a fresh server with its one-time token";
    }
    "auth" {
        login Post "/auth/login" 200 Public, login(Login) -> Tokens, "Signs in with name and password";
        refreshToken Post "/auth/refresh" 200 Public, refresh_token(Refresh) -> Tokens, "Exchanges a refresh token for new tokens";
        logout Post "/auth/logout" 204 SignedIn, logout(Nothing), "Ends the session of the caller";
        logoutAll Post "/auth/logout-all" 204 SignedIn, logout_all(Nothing), "Ends all sessions of the caller";
        getCurrentPrincipal Get "/auth/session" 200 SignedIn, get_current_principal(Nothing) -> Principal, "Tells who the caller is and what the caller may do";
    }
    "server" {
        getServer Get "/server" 200 Server("settings_read"), get_server(Nothing) -> Server, "Shows the identity of the server";
        updateServer Patch "/server" 200 Server("master"), update_server(UpdateServer) -> Server, "Changes language and time zone of the server";
        getServerChecks Get "/server/checks" 200 Server("monitors"), get_server_checks(Nothing) -> ServerChecks, "Tells what of the server is as it should be: room, open files, ports and addresses";
        getServerSettings Get "/server/settings" 200 Server("settings_read"), get_server_settings(Nothing) -> SettingsView, "Shows the settings of the server with their origin";
        updateServerSettings Patch "/server/settings" 200 Server("settings"), update_server_settings(SettingsChange<ServerSettingsPatch>) -> SettingsView, "Changes settings of the server";
        getServerAccountDefaults Get "/server/account-defaults" 200 Server("domains_read"), get_server_account_defaults(Nothing) -> SettingsView, "Shows the defaults of all accounts";
        getServerDomainDefaults Get "/server/domain-defaults" 200 Server("domains_read"), get_server_domain_defaults(Nothing) -> SettingsView, "Shows the defaults of all domains";
        updateServerDomainDefaults Patch "/server/domain-defaults" 200 Server("domains_all"), update_server_domain_defaults(SettingsChange<DomainSettingsPatch>) -> SettingsView, "Changes the defaults of all domains";
        renameMainDomain Post "/server/rename-main-domain" 200 Server("master"), rename_main_domain(RenameMainDomain) -> Server, "Gives the main domain another name";
        updateServerAccountDefaults Patch "/server/account-defaults" 200 Server("domains_all"), update_server_account_defaults(SettingsChange<model::account::AccountSettingsPatch>) -> SettingsView, "Changes the defaults of all accounts";
    }
    "modules" {
        listModules Get "/server/modules" 200 Server("settings_read"), list_modules(Nothing) -> Modules, "Lists the modules that have settings";
        getModule Get "/server/modules/{module}" 200 Server("settings_read"), get_module(ModuleRef) -> SettingsView, "Shows the settings of a module with their origin";
        updateModule Patch "/server/modules/{module}" 200 Server("settings"), update_module(UpdateModule) -> SettingsView, "Changes settings of a module; they act at once";
    }
    "meta" {
        describeSettings Get "/meta/settings" 200 SignedIn, describe_settings(Nothing) -> SettingsCatalogue, "Describes every setting: type, range, default, levels, help";
        listErrorCodes Get "/meta/error-codes" 200 SignedIn, list_error_codes(Nothing) -> ErrorCodes, "Lists the codes of errors";
        listEventTypes Get "/meta/events" 200 SignedIn, list_event_types(Nothing) -> EventTypes, "Lists the types of events by topic";
        getVersion Get "/meta/version" 200 SignedIn, get_version(Nothing) -> Version, "Tells what runs here";
    }
    "stats" {
        getTrends Get "/stats/trends" 200 Server("monitors"), get_trends(GetTrends) -> Trends, "Shows what went through the server: mail, queue, calls, registrations";
    }
    "listeners" {
        listListeners Get "/listeners" 200 Server("settings_read"), list_listeners(Nothing) -> Page<Listener>, "Lists the listeners and whether they are open";
        createListener Post "/listeners" 201 Server("settings"), create_listener(CreateListener) -> Listener, "Opens a listener";
        getListener Get "/listeners/{id}" 200 Server("settings_read"), get_listener(ListenerRef) -> Listener, "Shows a listener";
        updateListener Patch "/listeners/{id}" 200 Server("settings"), update_listener(UpdateListener) -> Listener, "Changes a listener";
        deleteListener Delete "/listeners/{id}" 204 Server("settings"), delete_listener(ListenerRef), "Closes a listener for good";
    }
    "network" {
        listAddressLists Get "/network/address-lists" 200 Server("settings_read"), list_address_lists(Nothing) -> Page<AddressList>, "Lists the named lists of addresses";
        getAddressList Get "/network/address-lists/{list}" 200 Server("settings_read"), get_address_list(ListRef) -> AddressList, "Shows a list of addresses";
        replaceAddressList Put "/network/address-lists/{list}" 200 Server("settings"), replace_address_list(ReplaceAddressList) -> AddressList, "Replaces a list of addresses";
        testAddress Post "/network/address-lists/{list}/test" 200 Server("settings_read"), test_address(TestAddress) -> AddressTest, "Tells whether an address is in a list";
        getLan Get "/network/lan" 200 Server("settings_read"), get_lan(Nothing) -> Lan, "Shows the addresses of this server inside and outside, as set and as found";
        updateLan Patch "/network/lan" 200 Server("settings"), update_lan(UpdateLan) -> Lan, "Changes the addresses of this server inside and outside";
        detectLan Post "/network/lan/detect" 200 Server("settings_read"), detect_lan(Nothing) -> DetectedLan, "Looks again at the addresses of this machine";
        getMediaPorts Get "/network/media-ports" 200 Server("settings_read"), get_media_ports(Nothing) -> MediaPorts, "Shows the ports of relayed media";
        updateMediaPorts Patch "/network/media-ports" 200 Server("settings"), update_media_ports(UpdateMediaPorts) -> MediaPorts, "Changes the ports of relayed media";
        checkFirewall Post "/network/media-ports/firewall-check" 200 Server("settings_read"), check_firewall(Nothing) -> FirewallCheck, "Lists every range of ports that a firewall in front has to let through, and asks a STUN server, if one is set, what it does to them";
        getFirewallPlan Get "/server/firewall" 200 Server("settings_read"), get_firewall_plan(Nothing) -> FirewallCheck, "Lists every range of ports that a firewall in front has to let through, and how others saw this server when it was checked last";
        getDnsSettings Get "/network/dns" 200 Server("settings_read"), get_dns_settings(Nothing) -> SettingsView, "Shows the settings of the DNS resolver with their origin";
        updateDnsSettings Patch "/network/dns" 200 Server("settings"), update_dns_settings(UpdateDnsSettings) -> SettingsView, "Changes settings of the DNS resolver";
    }
    "calls" {
        listRegistrations Get "/sip/registrations" 200 SignedIn, list_registrations(ListRegistrations) -> Page<Registration>, "Lists the telephones that are registered";
        removeRegistrations Delete "/sip/registrations" 200 Own("basic_settings"), remove_registrations(RemoveRegistrations) -> Removed, "Takes all registrations of an account away";
        removeRegistration Delete "/sip/registrations/{id}" 204 Own("basic_settings"), remove_registration(RegistrationRef), "Takes a registration away; the telephone may register anew";
        pingRegistration Post "/sip/registrations/{id}/ping" 200 Own("basic_settings"), ping_registration(RegistrationRef) -> RegistrationPinged, "Asks a telephone whether it is there, and how long its answer takes";
        listTargetsHealth Get "/sip/targets-health" 200 Server("monitors"), list_targets_health(Nothing) -> Page<TargetHealth>, "Lists servers elsewhere that failed and are asked last for a while";
        listBans Get "/sip/bans" 200 Server("monitors"), list_bans(Nothing) -> Page<SipBan>, "Lists addresses that SIP does not listen to now";
        removeBan Delete "/sip/bans/{address}" 204 Server("session_control"), remove_ban(BanRef), "Forgives an address that SIP does not listen to";
        listTransactions Get "/sip/transactions" 200 Server("monitors"), list_transactions(ListTransactions) -> Page<SipTransaction>, "Lists SIP transactions that last, the newest first";
        abortTransaction Delete "/sip/transactions/{id}" 204 Server("session_control"), abort_transaction(TransactionRef), "Ends a SIP transaction: 500 to who asked, CANCEL to who was asked";
        getSipStats Get "/sip/stats" 200 Server("monitors"), get_sip_stats(Nothing) -> SipStats, "Shows counters of SIP: messages by kind and way, transactions, registrations, calls";
        listCalls Get "/calls" 200 SignedIn, list_calls(ListCallRecords) -> Page<CallRecord>, "Lists the calls that are going on";
        startCall Post "/calls" 201 SignedIn, start_call(StartCall) -> CallRecord, "Calls somebody: the telephones of the account ring, and the one that is picked up dials";
        getCall Get "/calls/{call}" 200 SignedIn, get_call(CallRef) -> CallRecord, "Shows a call";
        hangupCall Post "/calls/{call}/hangup" 204 SignedIn, hangup_call(CallRef), "Ends a call for both sides";
        traceCall Get "/calls/{call}/trace" 200 SignedIn, trace_call(TraceCall) -> CallTrace, "Shows what passed in a call, as a ladder or a packet capture", gives = Some(WhenAsked("application/x-pcapng"));
        listSubscriptions Get "/sip/subscriptions" 200 SignedIn, list_subscriptions(ListSubscriptions) -> Page<SipSubscription>, "Lists who watches presence, calls and messages of whom";
        getPresence Get "/presence/{account}" 200 SignedIn, get_presence(AccountRef) -> AccountPresence, "Tells how an account can be reached";
        setPresence Put "/presence/{account}" 200 Own("can_impersonate"), set_presence(SetPresence) -> AccountPresence, "Says how an account can be reached, beside what its devices say";
        getCallMedia Get "/calls/{call}/media" 200 SignedIn, get_call_media(CallRef) -> MediaReport, "Shows what is known of the media of a call, and why a way is silent";
        captureMedia Post "/calls/{call}/media/capture" 202 Server("media_capture"), capture_media(CaptureMedia) -> MediaCapture, "Captures packets of a call for some seconds; noted in the audit trail";
        getMediaCapture Get "/calls/{call}/media/capture" 200 Server("media_capture"), get_media_capture(CallRef) -> MediaCapture, "Shows what was captured of a call last, or gives it as a packet capture", gives = Some(WhenAsked("application/x-pcapng"));
        listMediaStreams Get "/media/streams" 200 SignedIn, list_media_streams(ListMediaStreams) -> Page<CallStream>, "Lists media streams of calls that go on, by what is heard of them";
        getMediaStats Get "/media/stats" 200 Server("monitors"), get_media_stats(Nothing) -> MediaStats, "Shows the media relay as a whole";
        listCdr Get "/cdr" 200 SignedIn, list_cdr(ListCdr) -> Page<CallRecord>, "Lists records of calls, the newest first";
        exportCdr Post "/cdr/export" 200 SignedIn, export_cdr(ExportCdr) -> FileContent, "Gives records of calls as a file, the newest first", gives = Some(AsItIs("*/*"));
        getCdr Get "/cdr/{call}" 200 SignedIn, get_cdr(CallRef) -> CallRecord, "Shows the record of a call";
    }
    "certificates" {
        listCertificates Get "/certificates" 200 Server("settings_read"), list_certificates(Nothing) -> Page<Certificate>, "Lists the certificates";
        importCertificate Post "/certificates/import" 201 Server("settings"), import_certificate(ImportCertificate) -> Certificate, "Brings in a certificate that listeners show at once";
    }
    "router" {
        getRoutingTable Get "/router/table" 200 Server("settings_read"), get_routing_table(Nothing) -> RoutingTable, "Shows the routing table", gives = Some(WhenAsked("text/plain"));
        replaceRoutingTable Put "/router/table" 200 Server("settings"), replace_routing_table(RoutingTableInput) -> RoutingTable, "Replaces the routing table, all or nothing", needs_version = true, takes = Some("text/plain"), gives = Some(WhenAsked("text/plain"));
        listRoutingLines Get "/router/lines" 200 Server("settings_read"), list_routing_lines(ListParams) -> Page<RoutingLine>, "Lists the lines of the routing table";
        createRoutingLine Post "/router/lines" 201 Server("settings"), create_routing_line(NewRoutingLine) -> RoutingLine, "Adds a line to the routing table";
        moveRoutingLine Post "/router/lines/{id}/move" 200 Server("settings"), move_routing_line(MoveRoutingLine) -> RoutingLine, "Puts a line of the routing table elsewhere";
        updateRoutingLine Patch "/router/lines/{id}" 200 Server("settings"), update_routing_line(UpdateRoutingLine) -> RoutingLine, "Changes a line of the routing table";
        deleteRoutingLine Delete "/router/lines/{id}" 204 Server("settings"), delete_routing_line(LineRef), "Takes a line from the routing table";
        listRoutingHistory Get "/router/history" 200 Server("settings_read"), list_routing_history(ListParams) -> Page<RoutingVersion>, "Lists the changes of the routing table, the newest first";
        rollbackRouting Post "/router/rollback" 200 Server("settings"), rollback_routing(RollbackRouting) -> RoutingTable, "Makes an earlier routing table the newest one";
        validateRouting Post "/router/validate" 200 Server("settings_read"), validate_routing(RoutingTableInput) -> RoutingValidation, "Names what is wrong or doubtful in a routing table", takes = Some("text/plain");
        explainRoute Post "/router/explain" 200 Domain("domain"), explain_route(ExplainRequest) -> Explanation, "Tells where an address goes, and why";
        listRoutingHits Get "/router/hits" 200 Server("settings_read"), list_routing_hits(ListParams) -> Page<RoutingHit>, "Tells how often lines of the routing table were applied in the last 24 hours";
        listRoutingConfirmations Get "/router/confirmations" 200 Server("settings_read"), list_routing_confirmations(Nothing) -> Page<RoutingConfirmation>, "Lists changes of the Router that go back unless they are confirmed";
        confirmRouting Post "/router/confirmations/{id}/confirm" 204 Server("settings"), confirm_routing(RoutingConfirmationRef), "Lets a change of the Router stay";
        revertRouting Post "/router/confirmations/{id}/revert" 204 Server("settings"), revert_routing(RoutingConfirmationRef), "Takes a change of the Router back at once";
        getRouterSettings Get "/router/settings" 200 Server("settings_read"), get_router_settings(Nothing) -> SettingsView, "Shows the settings of the Router with their origin";
        updateRouterSettings Patch "/router/settings" 200 Server("settings"), update_router_settings(UpdateRouterSettings) -> SettingsView, "Changes settings of the Router";
    }
    "domains" {
        listDomains Get "/domains" 200 Domain("domain"), list_domains(ListParams) -> Page<Domain>, "Lists the domains the caller administers";
        createDomain Post "/domains" 201 Server("domains_all"), create_domain(CreateDomain) -> Domain, "Creates a domain";
        getDomain Get "/domains/{domain}" 200 Domain("domain"), get_domain(DomainRef) -> Domain, "Shows a domain";
        updateDomain Patch "/domains/{domain}" 200 Server("domains_all"), update_domain(UpdateDomain) -> Domain, "Changes a domain";
        deleteDomain Delete "/domains/{domain}" 204 Server("domains_all"), delete_domain(DomainRef), "Deletes a domain that has no accounts";
        renameDomain Post "/domains/{domain}/rename" 200 Server("domains_all"), rename_domain(RenameDomain) -> Domain, "Gives a domain another name";
        suspendDomain Post "/domains/{domain}/suspend" 200 Server("domains_all"), suspend_domain(DomainRef) -> Domain, "Suspends a domain: nothing is taken or let in";
        resumeDomain Post "/domains/{domain}/resume" 200 Server("domains_all"), resume_domain(DomainRef) -> Domain, "Lets a suspended domain work again";
        listDomainAliases Get "/domains/{domain}/aliases" 200 Domain("domain"), list_domain_aliases(DomainRef) -> DomainAliases, "Lists the other names of a domain";
        addDomainAlias Post "/domains/{domain}/aliases" 201 Server("domains_all"), add_domain_alias(DomainAliasRef) -> DomainAliases, "Adds another name to a domain";
        replaceDomainAliases Put "/domains/{domain}/aliases" 200 Server("domains_all"), replace_domain_aliases(ReplaceDomainAliases) -> DomainAliases, "Replaces the other names of a domain", needs_version = true;
        removeDomainAlias Delete "/domains/{domain}/aliases/{name}" 204 Server("domains_all"), remove_domain_alias(DomainAliasRef), "Takes another name from a domain";
        getLastDnsCheck Get "/domains/{domain}/dns-check" 200 Domain("domain"), get_last_dns_check(DomainRef) -> DnsCheck, "Shows what the DNS said of a domain when it was asked last";
        runDnsCheck Post "/domains/{domain}/dns-check" 200 Domain("domain"), run_dns_check(RunDnsCheck) -> DnsCheck, "Asks the DNS what it says of a domain, beside what it should say";
        getDomainSettings Get "/domains/{domain}/settings" 200 Domain("domain"), get_domain_settings(DomainRef) -> SettingsView, "Shows the settings of a domain with their origin";
        updateDomainSettings Patch "/domains/{domain}/settings" 200 Server("domains_all"), update_domain_settings(UpdateDomainSettings) -> SettingsView, "Changes settings of a domain";
        getDomainAccountDefaults Get "/domains/{domain}/account-defaults" 200 Domain("domain"), get_domain_account_defaults(DomainRef) -> SettingsView, "Shows the defaults of the accounts of a domain";
        updateDomainAccountDefaults Patch "/domains/{domain}/account-defaults" 200 Server("domains_all"), update_domain_account_defaults(UpdateDomainAccountDefaults) -> SettingsView, "Changes the defaults of the accounts of a domain";
    }
    "accounts" {
        listAccounts Get "/accounts" 200 Domain("domain"), list_accounts(ListAccounts) -> Page<Account>, "Lists the accounts of all domains the caller administers";
        listDomainAccounts Get "/domains/{domain}/accounts" 200 Domain("domain"), list_domain_accounts(ListDomainAccounts) -> Page<Account>, "Lists the accounts of a domain";
        createAccount Post "/domains/{domain}/accounts" 201 Domain("can_create_accounts"), create_account(CreateAccount) -> Account, "Creates an account with its mailboxes";
        getAccount Get "/accounts/{account}" 200 Own("domain"), get_account(AccountRef) -> Account, "Shows an account";
        updateAccount Patch "/accounts/{account}" 200 Own("basic_settings"), update_account(UpdateAccount) -> Account, "Changes an account";
        deleteAccount Delete "/accounts/{account}" 204 Domain("can_create_accounts"), delete_account(AccountRef), "Deletes an account; it can be restored for a while";
        restoreAccount Post "/accounts/{account}/restore" 200 Domain("can_create_accounts"), restore_account(RestoreAccount) -> Account, "Restores a deleted account";
        purgeAccount Post "/accounts/{account}/purge" 204 Domain("can_create_accounts"), purge_account(PurgeAccount), "Takes a deleted account away for good";
        suspendAccount Post "/accounts/{account}/suspend" 200 Domain("can_create_accounts"), suspend_account(SuspendAccount) -> Account, "Suspends an account: sign-in is refused";
        resumeAccount Post "/accounts/{account}/resume" 200 Domain("can_create_accounts"), resume_account(AccountRef) -> Account, "Lets a suspended account work again";
        setAccountPassword Post "/accounts/{account}/set-password" 204 Own("basic_settings"), set_account_password(SetPassword), "Sets the password of an account";
        getAccountSettings Get "/accounts/{account}/settings" 200 Own("domain"), get_account_settings(AccountRef) -> SettingsView, "Shows the settings of an account with their origin";
        updateAccountSettings Patch "/accounts/{account}/settings" 200 Own("basic_settings"), update_account_settings(UpdateAccountSettings) -> SettingsView, "Changes settings of an account";
        listAliases Get "/accounts/{account}/aliases" 200 Own("domain"), list_aliases(AccountRef) -> Names, "Lists the other names of an account";
        addAlias Post "/accounts/{account}/aliases" 201 Domain("can_create_aliases"), add_alias(AliasRef) -> Names, "Adds another name to an account";
        replaceAliases Put "/accounts/{account}/aliases" 200 Domain("can_create_aliases"), replace_aliases(ReplaceAliases) -> Names, "Replaces the other names of an account", needs_version = true;
        removeAlias Delete "/accounts/{account}/aliases/{name}" 204 Domain("can_create_aliases"), remove_alias(AliasRef), "Takes another name from an account";
        renameAccount Post "/accounts/{account}/rename" 200 Domain("can_create_accounts"), rename_account(RenameAccount) -> Account, "Gives an account another name";
        listTelnums Get "/accounts/{account}/telnums" 200 Own("domain"), list_telnums(AccountRef) -> Names, "Lists the telephone numbers of an account";
        addTelnum Post "/accounts/{account}/telnums" 201 Domain("can_create_telnums"), add_telnum(TelnumRef) -> Names, "Gives a telephone number to an account";
        replaceTelnums Put "/accounts/{account}/telnums" 200 Domain("can_create_telnums"), replace_telnums(ReplaceTelnums) -> Names, "Replaces the telephone numbers of an account", needs_version = true;
        removeTelnum Delete "/accounts/{account}/telnums/{number}" 204 Domain("can_create_telnums"), remove_telnum(TelnumRef), "Takes a telephone number from an account";
        getRights Get "/accounts/{account}/rights" 200 Own("domain"), get_rights(AccountRef) -> Rights, "Shows the rights of an account";
        replaceRights Put "/accounts/{account}/rights" 200 Domain("domain"), replace_rights(ReplaceRights) -> Rights, "Replaces the rights of an account";
        recalculateQuota Post "/accounts/{account}/recalculate-quota" 200 Domain("basic_settings"), recalculate_quota(AccountRef) -> Account, "Counts anew what an account holds";
        listAccountSessions Get "/accounts/{account}/sessions" 200 Own("basic_settings"), list_account_sessions(AccountRef) -> Page<Session>, "Lists the sessions of an account";
        deleteAccountSession Delete "/accounts/{account}/sessions/{id}" 204 Own("basic_settings"), delete_account_session(SessionRef), "Ends a session of an account";
        killAccountSessions Post "/accounts/{account}/kill-sessions" 204 Own("basic_settings"), kill_account_sessions(AccountRef), "Ends all sessions of an account";
        findTelnum Get "/telnums" 200 Domain("domain"), find_telnum(FindTelnum) -> Page<Telnum>, "Finds telephone numbers and whose they are";
        listAdmins Get "/admins" 200 Domain("domain"), list_admins(ListParams) -> Page<Admin>, "Lists the accounts that hold rights";
        listRights Get "/rights" 200 SignedIn, list_rights(Nothing) -> RightsCatalogue, "Lists the rights there are, and which the caller holds";
    }
    "rules" {
        listServerSignalRules Get "/server/rules/signal" 200 Server("settings_read"), list_server_signal_rules(ServerRules) -> SignalRules, "Lists the rules of the server for calls and other signals, in their order";
        createServerSignalRule Post "/server/rules/signal" 201 Server("settings"), create_server_signal_rule(CreateServerRule) -> SignalRule, "Makes a rule of the server for calls and other signals";
        replaceServerSignalRules Put "/server/rules/signal" 200 Server("settings"), replace_server_signal_rules(ReplaceServerRules) -> SignalRules, "Replaces all rules of the server for calls and other signals", needs_version = true;
        reorderServerSignalRules Post "/server/rules/signal/reorder" 200 Server("settings"), reorder_server_signal_rules(ReorderServerRules) -> SignalRules, "Puts the rules of the server in another order";
        validateServerSignalRules Post "/server/rules/signal/validate" 200 Server("settings_read"), validate_server_signal_rules(ReplaceServerRules) -> SignalRulesReviewed, "Names what is wrong or doubtful in rules of the server without saving them";
        getServerSignalRule Get "/server/rules/signal/{rule}" 200 Server("settings_read"), get_server_signal_rule(ServerRuleRef) -> SignalRule, "Shows a rule of the server";
        updateServerSignalRule Patch "/server/rules/signal/{rule}" 200 Server("settings"), update_server_signal_rule(UpdateServerRule) -> SignalRule, "Changes a rule of the server";
        deleteServerSignalRule Delete "/server/rules/signal/{rule}" 204 Server("settings"), delete_server_signal_rule(ServerRuleRef), "Deletes a rule of the server";
        listDomainSignalRules Get "/domains/{domain}/rules/signal" 200 Domain("domain"), list_domain_signal_rules(DomainRules) -> SignalRules, "Lists the rules of a domain for calls and other signals, in their order";
        createDomainSignalRule Post "/domains/{domain}/rules/signal" 201 Domain("signal_rules"), create_domain_signal_rule(CreateDomainRule) -> SignalRule, "Makes a rule of a domain for calls and other signals";
        replaceDomainSignalRules Put "/domains/{domain}/rules/signal" 200 Domain("signal_rules"), replace_domain_signal_rules(ReplaceDomainRules) -> SignalRules, "Replaces all rules of a domain for calls and other signals", needs_version = true;
        reorderDomainSignalRules Post "/domains/{domain}/rules/signal/reorder" 200 Domain("signal_rules"), reorder_domain_signal_rules(ReorderDomainRules) -> SignalRules, "Puts the rules of a domain in another order";
        validateDomainSignalRules Post "/domains/{domain}/rules/signal/validate" 200 Domain("domain"), validate_domain_signal_rules(ReplaceDomainRules) -> SignalRulesReviewed, "Names what is wrong or doubtful in rules of a domain without saving them";
        getDomainSignalRule Get "/domains/{domain}/rules/signal/{rule}" 200 Domain("domain"), get_domain_signal_rule(DomainRuleRef) -> SignalRule, "Shows a rule of a domain";
        updateDomainSignalRule Patch "/domains/{domain}/rules/signal/{rule}" 200 Domain("signal_rules"), update_domain_signal_rule(UpdateDomainRule) -> SignalRule, "Changes a rule of a domain";
        deleteDomainSignalRule Delete "/domains/{domain}/rules/signal/{rule}" 204 Domain("signal_rules"), delete_domain_signal_rule(DomainRuleRef), "Deletes a rule of a domain";
        listAccountSignalRules Get "/accounts/{account}/rules/signal" 200 Own("domain"), list_account_signal_rules(AccountRules) -> SignalRules, "Lists the rules of an account for calls and other signals, in their order";
        createAccountSignalRule Post "/accounts/{account}/rules/signal" 201 Own("signal_rules"), create_account_signal_rule(CreateAccountRule) -> SignalRule, "Makes a rule of an account for calls and other signals";
        replaceAccountSignalRules Put "/accounts/{account}/rules/signal" 200 Own("signal_rules"), replace_account_signal_rules(ReplaceAccountRules) -> SignalRules, "Replaces all rules of an account for calls and other signals", needs_version = true;
        reorderAccountSignalRules Post "/accounts/{account}/rules/signal/reorder" 200 Own("signal_rules"), reorder_account_signal_rules(ReorderAccountRules) -> SignalRules, "Puts the rules of an account in another order";
        validateAccountSignalRules Post "/accounts/{account}/rules/signal/validate" 200 Own("domain"), validate_account_signal_rules(ReplaceAccountRules) -> SignalRulesReviewed, "Names what is wrong or doubtful in rules of an account without saving them";
        getAccountSignalRule Get "/accounts/{account}/rules/signal/{rule}" 200 Own("domain"), get_account_signal_rule(AccountRuleRef) -> SignalRule, "Shows a rule of an account";
        updateAccountSignalRule Patch "/accounts/{account}/rules/signal/{rule}" 200 Own("signal_rules"), update_account_signal_rule(UpdateAccountRule) -> SignalRule, "Changes a rule of an account";
        deleteAccountSignalRule Delete "/accounts/{account}/rules/signal/{rule}" 204 Own("signal_rules"), delete_account_signal_rule(AccountRuleRef), "Deletes a rule of an account";
        testSignalRules Post "/accounts/{account}/rules/signal/test" 200 Own("domain"), test_signal_rules(TestSignalRules) -> SignalRulesTested, "Tells what would happen to a call for an account; nobody is called";
        listDatasets Get "/accounts/{account}/datasets" 200 Own("signal_rules"), list_datasets(AccountRef) -> Page<Dataset>, "Lists the lists of addresses that rules of an account ask for";
        getDataset Get "/accounts/{account}/datasets/{name}" 200 Own("signal_rules"), get_dataset(DatasetRef) -> Dataset, "Shows a list of addresses of an account";
        replaceDataset Put "/accounts/{account}/datasets/{name}" 200 Own("signal_rules"), replace_dataset(ReplaceDataset) -> Dataset, "Replaces a list of addresses of an account, or makes one";
        deleteDataset Delete "/accounts/{account}/datasets/{name}" 204 Own("signal_rules"), delete_dataset(DatasetRef), "Deletes a list of addresses of an account";
        getDiallerSettings Get "/accounts/{account}/dialler" 200 Own("basic_settings"), get_dialler_settings(AccountRef) -> SettingsView, "Shows the settings of the telephone in the browser";
        updateDiallerSettings Patch "/accounts/{account}/dialler" 200 Own("basic_settings"), update_dialler_settings(UpdateDialler) -> SettingsView, "Changes settings of the telephone in the browser";
    }
    "forwarders" {
        listForwarders Get "/domains/{domain}/forwarders" 200 Domain("domain"), list_forwarders(ListOfDomain) -> Page<Forwarder>, "Lists the forwarders of a domain";
        createForwarder Post "/domains/{domain}/forwarders" 201 Domain("can_create_aliases"), create_forwarder(CreateForwarder) -> Forwarder, "Creates a forwarder";
        getForwarder Get "/domains/{domain}/forwarders/{name}" 200 Domain("domain"), get_forwarder(ForwarderRef) -> Forwarder, "Shows a forwarder";
        updateForwarder Patch "/domains/{domain}/forwarders/{name}" 200 Domain("can_create_aliases"), update_forwarder(UpdateForwarder) -> Forwarder, "Changes where a forwarder leads";
        renameForwarder Post "/domains/{domain}/forwarders/{name}/rename" 200 Domain("can_create_aliases"), rename_forwarder(RenameForwarder) -> Forwarder, "Gives a forwarder another name";
        deleteForwarder Delete "/domains/{domain}/forwarders/{name}" 204 Domain("can_create_aliases"), delete_forwarder(ForwarderRef), "Deletes a forwarder";
    }
    "groups" {
        listGroups Get "/domains/{domain}/groups" 200 Domain("domain"), list_groups(ListOfDomain) -> Page<Group>, "Lists the groups of a domain";
        createGroup Post "/domains/{domain}/groups" 201 Domain("can_create_groups"), create_group(CreateGroup) -> Group, "Creates a group";
        getGroup Get "/domains/{domain}/groups/{group}" 200 Domain("domain"), get_group(GroupRef) -> Group, "Shows a group";
        updateGroup Patch "/domains/{domain}/groups/{group}" 200 Domain("can_create_groups"), update_group(UpdateGroup) -> Group, "Changes a group";
        renameGroup Post "/domains/{domain}/groups/{group}/rename" 200 Domain("can_create_groups"), rename_group(RenameGroup) -> Group, "Gives a group another name";
        deleteGroup Delete "/domains/{domain}/groups/{group}" 204 Domain("can_create_groups"), delete_group(GroupRef), "Deletes a group";
        listMembers Get "/domains/{domain}/groups/{group}/members" 200 Domain("domain"), list_members(GroupRef) -> Members, "Lists the members of a group";
        addMembers Post "/domains/{domain}/groups/{group}/members" 201 Domain("can_create_groups"), add_members(GroupMembers) -> Members, "Adds members to a group";
        replaceMembers Put "/domains/{domain}/groups/{group}/members" 200 Domain("can_create_groups"), replace_members(GroupMembers) -> Members, "Replaces the members of a group", needs_version = true;
        removeMember Delete "/domains/{domain}/groups/{group}/members/{address}" 204 Domain("can_create_groups"), remove_member(MemberRef), "Takes a member from a group";
    }
    "mail" {
        listMailboxes Get "/accounts/{account}/mailboxes" 200 Own("mailbox_read_all"), list_mailboxes(AccountRef) -> Page<Mailbox>, "Lists the mailboxes of an account";
        createMailbox Post "/accounts/{account}/mailboxes" 201 Own("mailbox_read_all"), create_mailbox(CreateMailbox) -> Mailbox, "Creates a mailbox, and the levels missing above it";
        getMailbox Get "/accounts/{account}/mailboxes/{mailbox}" 200 Own("mailbox_read_all"), get_mailbox(MailboxRef) -> Mailbox, "Shows a mailbox";
        updateMailbox Patch "/accounts/{account}/mailboxes/{mailbox}" 200 Own("mailbox_read_all"), update_mailbox(UpdateMailbox) -> Mailbox, "Renames a mailbox or changes its subscription";
        deleteMailbox Delete "/accounts/{account}/mailboxes/{mailbox}" 204 Own("mailbox_read_all"), delete_mailbox(DeleteMailbox), "Deletes a mailbox; its messages go to the trash or are destroyed";
        listMessages Get "/accounts/{account}/messages" 200 Own("mailbox_read_all"), list_messages(ListMessages) -> Page<Message>, "Lists messages, those stored last first";
        importMessage Post "/accounts/{account}/messages" 201 Own("mailbox_read_all"), import_message(ImportMessage) -> Stored, "Stores a message in a mailbox", takes = Some("message/rfc822");
        searchMessages Post "/accounts/{account}/messages/search" 200 Own("mailbox_read_all"), search_messages(SearchMessages) -> Page<Message>, "Searches messages";
        getMessage Get "/accounts/{account}/messages/{id}" 200 Own("mailbox_read_all"), get_message(MessageRef) -> Message, "Shows a message with its text and parts";
        updateMessage Patch "/accounts/{account}/messages/{id}" 200 Own("mailbox_read_all"), update_message(UpdateMessage) -> Message, "Changes keywords of a message and the mailboxes it stands in";
        bulkMessages Post "/accounts/{account}/messages/bulk" 200 Own("mailbox_read_all"), bulk_messages(BulkMessages) -> BulkDone, "Changes or deletes many messages at once";
        deleteMessage Delete "/accounts/{account}/messages/{id}" 204 Own("mailbox_read_all"), delete_message(DeleteMessage), "Moves a message to the trash, or deletes it for good";
        getHeaders Get "/accounts/{account}/messages/{id}/headers" 200 Own("mailbox_read_all"), get_headers(MessageRef) -> Headers, "Shows the header fields of a message";
        getRaw Get "/accounts/{account}/messages/{id}/raw" 200 Own("mailbox_read_all"), get_raw(MessageRef) -> RawMessage, "Shows a message as it stands on the wire", gives = Some(AsItIs("message/rfc822"));
        getPart Get "/accounts/{account}/messages/{id}/parts/{part}" 200 Own("mailbox_read_all"), get_part(PartRef) -> FileContent, "Shows a part of a message, decoded", gives = Some(AsItIs("*/*"));
    }
    "mail_trace" {
        searchMailTrace Get "/mail-trace" 200 Own("can_view_logs"), search_mail_trace(SearchMailTrace) -> Page<MailTrace>, "Finds messages and what happened to them, the newest first";
        getMailTrace Get "/mail-trace/{trace_id}" 200 Own("can_view_logs"), get_mail_trace(TraceRef) -> MailTrace, "Tells what happened to a message";
    }
    "submissions" {
        createUpload Post "/accounts/{account}/uploads" 201 Own("mailbox_read_all"), create_upload(CreateUpload) -> Upload, "Keeps a file for a day, to be attached", takes = Some("*/*");
        downloadBlob Get "/accounts/{account}/blobs/{blob}" 200 Own("mailbox_read_all"), download_blob(BlobRef) -> FileContent, "Shows an upload as it came", gives = Some(AsItIs("*/*"));
        createDraft Post "/accounts/{account}/drafts" 201 Own("can_impersonate"), create_draft(CreateDraft) -> Stored, "Keeps a message that is not finished";
        replaceDraft Put "/accounts/{account}/drafts/{id}" 200 Own("can_impersonate"), replace_draft(ReplaceDraft) -> Stored, "Writes a draft anew; it gets another id";
        listSubmissions Get "/accounts/{account}/submissions" 200 Own("can_impersonate"), list_submissions(ListSubmissions) -> Page<Submission>, "Lists messages sent, the newest first";
        sendMessage Post "/accounts/{account}/submissions" 202 Own("can_impersonate"), send_message(SendMessage) -> Submission, "Sends a message, at once or when its time has come";
        getSubmission Get "/accounts/{account}/submissions/{id}" 200 Own("can_impersonate"), get_submission(SubmissionRef) -> Submission, "Shows a message sent, and what became of its recipients";
        cancelSubmission Delete "/accounts/{account}/submissions/{id}" 204 Own("can_impersonate"), cancel_submission(SubmissionRef), "Calls a message back while it waits; it becomes a draft again";
    }
    "im" {
        listConversations Get "/accounts/{account}/conversations" 200 Own("mailbox_read_all"), list_conversations(ListConversations) -> Page<Conversation>, "Lists conversations, that with the newest message first";
        deleteConversation Delete "/accounts/{account}/conversations/{peer}" 204 Own("mailbox_read_all"), delete_conversation(ConversationRef), "Takes a conversation away; the other side keeps its own";
        markRead Post "/accounts/{account}/conversations/{peer}/read" 200 Own("mailbox_read_all"), mark_read(MarkRead) -> Marked, "Marks messages of a conversation as read";
        listImMessages Get "/accounts/{account}/conversations/{peer}/messages" 200 Own("mailbox_read_all"), list_im_messages(ListImMessages) -> Page<ImMessage>, "Lists instant messages of a conversation, the newest first";
        sendIm Post "/accounts/{account}/conversations/{peer}/messages" 201 Own("can_impersonate"), send_im(SendIm) -> ImMessage, "Sends an instant message, or keeps it for a recipient who cannot be reached";
    }
    "roster" {
        listRoster Get "/accounts/{account}/roster" 200 Own("mailbox_read_all"), list_roster(ListRoster) -> Page<Buddy>, "Lists whom an account knows, and who asks to see its presence";
        addBuddy Post "/accounts/{account}/roster" 201 Own("can_impersonate"), add_buddy(AddBuddy) -> Buddy, "Puts somebody into a roster, and asks to see the presence";
        updateBuddy Patch "/accounts/{account}/roster/{peer}" 200 Own("can_impersonate"), update_buddy(UpdateBuddy) -> Buddy, "Changes name and groups of somebody in a roster";
        removeBuddy Delete "/accounts/{account}/roster/{peer}" 204 Own("can_impersonate"), remove_buddy(BuddyRef), "Takes somebody from a roster; neither sees the presence of the other any more";
        approveSubscription Post "/accounts/{account}/roster/{peer}/approve" 200 Own("can_impersonate"), approve_subscription(ApproveSubscription) -> Buddy, "Lets somebody see the presence of an account, or not any more";
    }
    "queue" {
        getQueueSummary Get "/queues/summary" 200 Server("monitors"), get_queue_summary(Nothing) -> QueueSummary, "Tells how much waits in each module";
        listQueues Get "/queues" 200 Server("monitors"), list_queues(ListQueues) -> Page<Queue>, "Lists queues: hosts, accounts, lists, programs";
        getQueue Get "/queues/{module}/{name}" 200 Server("monitors"), get_queue(QueueRef) -> Queue, "Shows a queue";
        releaseQueue Post "/queues/{module}/{name}/release" 202 Server("queue_control"), release_queue(QueueRef) -> QueueAction, "Lets a queue be tried now: holds and pauses end";
        holdQueue Post "/queues/{module}/{name}/hold" 200 Server("queue_control"), hold_queue(QueueRef) -> QueueAction, "Holds a queue: nothing of it is tried";
        unholdQueue Post "/queues/{module}/{name}/unhold" 200 Server("queue_control"), unhold_queue(QueueRef) -> QueueAction, "Ends the hold of a queue, which goes on where it stood";
        rerouteQueue Post "/queues/{module}/{name}/reroute" 202 Server("queue_control"), reroute_queue(QueueRef) -> QueueAction, "Asks the Router again for everybody in a queue";
        rejectQueue Post "/queues/{module}/{name}/reject" 202 Server("queue_control"), reject_queue(RejectQueue) -> QueueAction, "Makes everything in a queue fail; the senders are told";
        listTransitMessages Get "/messages" 200 Server("monitors"), list_transit_messages(ListTransit) -> Page<TransitMessage>, "Lists messages in transit by number";
        submitRawMessage Post "/messages" 201 Server("queue_control"), submit_raw_message(SubmitRawMessage) -> Accepted, "Takes a message with its envelope";
        rejectByFilter Post "/messages/reject" 202 Server("queue_control"), reject_by_filter(RejectByFilter) -> QueueAction, "Makes fail what somebody sent, everywhere in the queue";
        getTransitMessage Get "/messages/{number}" 200 Server("monitors"), get_transit_message(TransitRef) -> TransitMessage, "Shows a message in transit with its header and its story";
        downloadTransitMessage Get "/messages/{number}/download" 200 Server("mailbox_read_all"), download_transit_message(TransitRef) -> RawMessage, "Gives a message in transit as it stands", gives = Some(AsItIs("message/rfc822"));
        releaseMessage Post "/messages/{number}/release" 200 Server("queue_control"), release_message(MessageAction) -> TransitMessage, "Lets a message be tried now: a hold ends";
        holdMessage Post "/messages/{number}/hold" 200 Server("queue_control"), hold_message(MessageAction) -> TransitMessage, "Holds a message: it is not tried";
        unholdMessage Post "/messages/{number}/unhold" 200 Server("queue_control"), unhold_message(MessageAction) -> TransitMessage, "Ends the hold of a message, which goes on where it stood";
        rejectMessage Post "/messages/{number}/reject" 200 Server("queue_control"), reject_message(RejectMessage) -> QueueAction, "Makes a message fail; its sender is told";
        redirectMessage Post "/messages/{number}/redirect" 200 Server("queue_control"), redirect_message(RedirectMessage) -> TransitMessage, "Gives a message to others instead";
        rerouteMessage Post "/messages/{number}/reroute" 200 Server("queue_control"), reroute_message(MessageAction) -> QueueAction, "Asks the Router again for everybody who is still to get a message";
        deleteTransitMessage Delete "/messages/{number}" 204 Server("queue_control"), delete_transit_message(TransitRef), "Takes a message in transit away; nobody is told";
    }
}

/// Schemas that inputs refer to through a generic type, which does not name them by itself.
pub(crate) static PARTS: &[fn() -> Shape] = &[
    Shape::of::<ServerSettingsPatch>,
    Shape::of::<model::account::AccountSettingsPatch>,
    Shape::of::<DomainSettingsPatch>,
    Shape::of::<RoutingVersion>,
    Shape::of::<RoutingConfirmation>,
    Shape::of::<RoutingHit>,
    Shape::of::<Session>,
    Shape::of::<Telnum>,
    Shape::of::<Admin>,
    Shape::of::<Submission>,
    Shape::of::<MailTrace>,
    Shape::of::<Registration>,
    Shape::of::<CallRecord>,
    Shape::of::<CallStream>,
    Shape::of::<SipBan>,
    Shape::of::<SipTransaction>,
    Shape::of::<TargetHealth>,
    Shape::of::<SipSubscription>,
    Shape::of::<Conversation>,
    Shape::of::<ImMessage>,
    Shape::of::<Buddy>,
    Shape::of::<model::event::Event>,
    Shape::of::<Dataset>,
    Shape::of::<model::account::DiallerSettingsPatch>,
];
