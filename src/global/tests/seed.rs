//! The four protocols of the seed, word for word.

use super::becomes;

#[test]
fn simple_request_response() {
    becomes(
        include_str!("../../../protocols/seed/simple_request_response.choreo"),
        "
        Client -> Server: DataRequest
        Server -> Client: DataResponse
        ",
    );
}

#[test]
fn threshold_approval() {
    becomes(
        include_str!("../../../protocols/seed/threshold_approval.choreo"),
        "
        Proposer -> Guardian1: ProposalRequest
        Proposer -> Guardian2: ProposalRequest
        Proposer -> Guardian3: ProposalRequest
        Guardian1 -> Proposer: ApprovalResponse
        Guardian2 -> Proposer: ApprovalResponse
        Guardian3 -> Proposer: ApprovalResponse
        choice Proposer#1 at Proposer
          threshold_met <- ask:
            Proposer -> Guardian1: ThresholdResult
            Proposer -> Guardian2: ThresholdResult
            Proposer -> Guardian3: ThresholdResult
          threshold_not_met <- ask:
            Proposer -> Guardian1: ThresholdFailure
            Proposer -> Guardian2: ThresholdFailure
            Proposer -> Guardian3: ThresholdFailure
        ",
    );
}

#[test]
fn resilient_data_sync() {
    becomes(
        include_str!("../../../protocols/seed/resilient_data_sync.choreo"),
        "
        Primary -> Backup: SyncRequest <- ask
        choice Backup#1 at Backup
          success <- ask:
            Backup -> Primary: SyncSuccess <- ask
          retry <- ask:
            Backup -> Primary: SyncRetry <- ask
          failure <- ask:
            Backup -> Primary: SyncFailure <- ask
        choice retry_requested at Primary
          yes <- ask:
            Primary -> Backup: SyncRequest <- ask
            Backup -> Primary: SyncSuccess <- ask
          no <- ask:
        ",
    );
}

#[test]
fn device_onboarding() {
    becomes(
        include_str!("../../../protocols/seed/device_onboarding.choreo"),
        "
        NewDevice -> ExistingDevice: IdentityExchange_1
        ExistingDevice -> NewDevice: IdentityExchange_2
        par
          lane 1:
            NewDevice -> Guardian1: GuardianApproval1_1
            Guardian1 -> NewDevice: GuardianApproval1_2
          lane 2:
            NewDevice -> Guardian2: GuardianApproval2_1
            Guardian2 -> NewDevice: GuardianApproval2_2
        NewDevice -> ExistingDevice: OnboardingFinalization_1
        ExistingDevice -> Guardian1: OnboardingFinalization_2
        Guardian1 -> Guardian2: OnboardingFinalization_3
        ",
    );
}
