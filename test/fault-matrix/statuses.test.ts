import { describeFaults } from './describe-faults.ts';
import { FAULT_GROUPS } from './faults.ts';

describeFaults(FAULT_GROUPS.statuses);
